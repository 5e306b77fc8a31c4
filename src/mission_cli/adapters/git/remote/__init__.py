"""The remote that clones share."""
