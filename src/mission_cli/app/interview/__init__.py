"""Interviews before a plan, for every surface: a look at the repository, answers in files, and what is kept."""
