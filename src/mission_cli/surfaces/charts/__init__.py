"""Charts as SVG, made from results for the pages of all surfaces: the same input gives the same output."""
