"""Amounts, what is spent and reserved, and the rows of the spend log."""
