"""What the engine asks of the world: Protocols and their plain records."""
