"""The commands of the server: `mission serve`, and the tokens of its users."""
