"""The bounds of judgments that no mission can raise."""

from __future__ import annotations

from datetime import timedelta

MOST = 20
"""How many judgments one mission may ask for, whatever they are about."""
MOST_TRIES = 2
"""How often the same question is asked: once, and once more if the answer cannot be used."""
DEADLINE = timedelta(minutes=10)
