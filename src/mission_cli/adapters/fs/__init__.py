"""Files that survive a crash: atomic writes, locks, the exchange of two files."""
