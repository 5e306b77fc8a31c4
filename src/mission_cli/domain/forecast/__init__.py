"""What a mission will cost and when it will be finished: figures of earlier missions, and simulation with them."""
