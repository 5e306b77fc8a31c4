"""Results of commands and queries as plain data: what each surface shows, and what `--json` prints.

`docs/schema` is generated from these types and their docstrings. A field named like a word of Python has a `_` at its
end, which its JSON key does not have.
"""
