"""Read a mission file from Markdown, and change it by patches: functions from text to text, with problems as values."""
