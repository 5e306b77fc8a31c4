"""Which features start next, and which gates hold them."""
