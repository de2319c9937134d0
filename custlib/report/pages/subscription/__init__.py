"""Blocks on customers under contract."""
