"""The commands and queries that all surfaces call. They print nothing and know no exit codes."""
