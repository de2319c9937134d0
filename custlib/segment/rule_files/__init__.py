"""Reads segmentations that are files: grids of scores, ordered rules, and hierarchies of judgements."""
