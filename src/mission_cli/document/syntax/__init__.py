"""Parse text into lines, tables, fields and YAML: the form of a mission file, without its meaning."""
