"""Jobs as folders: what the executor and the supervisor share."""
