"""Machines and clusters on which attempts can run, besides this machine."""
