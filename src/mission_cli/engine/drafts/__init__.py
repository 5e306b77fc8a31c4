"""Drafts while they are used: what attempts get, what is stored, and where promoted ones go."""
