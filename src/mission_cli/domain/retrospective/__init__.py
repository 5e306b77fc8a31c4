"""What a mission came to: figures and facts of its file and run records, and the lines that tell them."""
