"""Faces of the scripted forge: HTTP interfaces of forges other than GitHub, on loopback."""
