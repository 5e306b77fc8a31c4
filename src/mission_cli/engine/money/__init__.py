"""Money of a round: list prices of settled attempts, and budgets across missions."""
