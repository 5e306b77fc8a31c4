"""Forecasts of missions, and what follows from them: from the history of a repository and the state of a mission."""
