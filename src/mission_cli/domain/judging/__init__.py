"""What checks found out, test by test: results, what changed between two runs, and what is quarantined."""
