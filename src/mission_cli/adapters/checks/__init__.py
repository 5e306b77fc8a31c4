"""Judge criteria. This file is empty because each check of a file imports this package in a process of its own."""
