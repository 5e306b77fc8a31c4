"""Convert other tools' files to plans, and missions to other tools' files."""
