"""Runs attempts on other machines: requests and results are refs of a git repository that both sides reach."""
