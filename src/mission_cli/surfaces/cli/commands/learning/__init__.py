"""Commands about what missions learned."""
