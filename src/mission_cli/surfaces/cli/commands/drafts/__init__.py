"""The commands about what missions draft for themselves."""
