"""Views of a plan: the tree, and its discussion."""
