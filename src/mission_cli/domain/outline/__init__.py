"""What a plan or a mission builds, without how it is written, and what changes between two of them."""
