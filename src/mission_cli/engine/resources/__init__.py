"""Look at the resources that features wait for."""
