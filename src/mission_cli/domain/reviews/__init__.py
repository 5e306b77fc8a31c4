"""Reviews: scores and findings of agents about finished work, and how several reviews combine."""
