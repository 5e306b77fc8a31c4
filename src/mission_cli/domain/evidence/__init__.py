"""Recorded evidence: verdicts with the hashes that bind them to criterion, commit and output."""
