"""Commands about money, time and tokens."""
