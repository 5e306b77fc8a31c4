"""Reviews: scores and findings of agents about finished work, and what follows from several of them."""
