"""The one door to git: the state store, the code repository, the trees of workers."""
