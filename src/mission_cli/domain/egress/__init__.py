"""Keys that a proxy adds to requests for one host, so that the worker that sends them never has the key."""
