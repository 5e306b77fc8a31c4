"""Transitions and effects, by what they are about."""
