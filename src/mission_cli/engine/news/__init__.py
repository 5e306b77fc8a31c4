"""Notify people: find what is new, put it into the outbox, send it to the channels of the rules."""
