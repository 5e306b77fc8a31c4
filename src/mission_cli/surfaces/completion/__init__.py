"""Shell completion: scripts for shells, and what answers them without the engine or a command-line library."""
