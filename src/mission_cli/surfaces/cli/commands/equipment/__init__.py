"""Commands about what missions are equipped with."""
