"""The sheet of a playbook: rules in words, observed moves, and what to do with its proof."""
