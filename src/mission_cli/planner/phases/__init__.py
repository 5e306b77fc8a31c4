"""The machine of phases: enter them, wait for their workers and gates, go back after a rejection."""
