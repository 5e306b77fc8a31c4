"""Guards of the engine: repeated changes, foreign changes, standstill, health."""
