"""Programs that judge one criterion in its tree: start its server, send requests or open a page, print the result."""
