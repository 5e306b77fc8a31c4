"""Decide about mail: what is sent, what a reply means, and what a worker wants to be sent."""
