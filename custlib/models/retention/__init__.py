"""Customers under contract: how long they renew, and what the payments to come are worth today."""
