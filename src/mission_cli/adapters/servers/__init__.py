"""The servers of this user, as files on this machine."""
