"""The program that runs on hosts; it imports only the standard library and this package."""
