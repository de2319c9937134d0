"""Columns of customers that are made where they are asked for: by ``[value] columns``, or by their table's name."""
