"""What the engine needs from git: the code, the state, and the remote."""
