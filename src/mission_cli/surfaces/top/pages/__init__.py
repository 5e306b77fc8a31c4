"""The views of `mission top`, one for each view of the command line."""
