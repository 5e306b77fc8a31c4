"""Guards of the engine: foreign changes, standstill, health."""
