"""The season of purchases: how often customers buy in each month, and business time that follows from it."""
