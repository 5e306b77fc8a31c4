"""What waits need to know of the world outside: calendars, pull requests by their numbers."""
