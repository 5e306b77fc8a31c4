"""Runs projects of many days with coding agents; one Markdown file in git is the database."""

__version__ = "0.1.0"
