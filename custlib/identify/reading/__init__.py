"""Reads every kind of source as one view, with the columns as they are named there."""
