"""Hosts for people: what is known of them, testing and draining them."""
