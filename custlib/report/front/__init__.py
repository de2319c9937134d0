"""The overview of a run and its entry in the index: what changed, what to do, and how sure it is."""
