"""Find what in a mission file is wrong although it can be read: duplicates, values out of range, unread features."""
