"""Verify a mission: files and history against their hashes, sums of money, and every verdict judged again."""
