"""Reads a few values of a file and tells what its columns are: the first project file of ``custlib init``."""
