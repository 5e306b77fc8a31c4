"""Phases: the stages of a mission that workers finish and people approve, and what their workers propose."""
