"""What concerns a mission as a whole: its executions, its budget, its bounds and its guard."""
