"""The checks of `mission lint`, its `--fix`, and `mission fmt`."""
