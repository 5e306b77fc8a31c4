"""Playbooks: which there are, what one needs, and the plan that it makes."""
