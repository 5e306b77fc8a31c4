"""`mission top`: the views of the command line on one screen, live, with a key for each command."""
