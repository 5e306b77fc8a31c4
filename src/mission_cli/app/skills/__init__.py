"""Skills for people: which there are, what is known of one, forgetting it, and writing it for agents."""
