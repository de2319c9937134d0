"""Notebooks as files, and what executes them: forks of a process that has imported everything, or kernels."""
