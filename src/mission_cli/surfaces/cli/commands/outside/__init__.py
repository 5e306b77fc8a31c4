"""Commands about what lies outside of the repository."""
