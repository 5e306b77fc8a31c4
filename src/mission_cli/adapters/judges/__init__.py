"""Programs that judge one criterion in its tree: they start a server, ask it, and print what they found."""
