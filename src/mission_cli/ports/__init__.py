"""Ports: what the engine needs from outside, as protocols with their records."""
