"""The folder of reports: its manifests and notes, its temporary names, and the exchange of two of its folders."""
