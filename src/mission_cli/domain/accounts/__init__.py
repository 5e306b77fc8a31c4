"""Accounts at other sites: the steps of a sign-up, and what a mail or a page may contribute."""
