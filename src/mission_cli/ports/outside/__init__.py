"""The world outside that missions wait for: calendars, pull requests by number, mail."""
