"""Pulses that a command runs: after a change, again and again until a mission is over, and STOP."""
