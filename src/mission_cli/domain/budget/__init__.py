"""Amounts, what is spent and held, and what a run adds to the spend log."""
