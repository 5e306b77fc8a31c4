"""What a surface can ask about missions."""
