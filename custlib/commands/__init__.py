"""What the commands print: the verdict on a file, and the value of its customers."""
