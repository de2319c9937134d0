"""Customers under contract: whether the purchases look like it, how long they renew, and what they are worth."""
