"""Steer a mission while it runs: add and move parts of its plan, and tell its workers something."""
