"""Deciding from outside: tokens that each allow one decision, and signatures of webhooks."""
