"""The mails of a mission as text."""
