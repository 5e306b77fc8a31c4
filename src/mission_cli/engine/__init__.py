"""Carries decisions out: observe, record, act, and the loop around them. Knows ports, not things."""
