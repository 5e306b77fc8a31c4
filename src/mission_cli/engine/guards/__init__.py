"""What the engine watches over: repeated changes, foreign moves, standstill, health."""
