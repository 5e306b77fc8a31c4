"""All use of git: the state store, the code repository, the trees of workers."""
