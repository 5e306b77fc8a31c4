"""The engine: observes, records decisions and carries them out. Depends on ports, not on adapters."""
