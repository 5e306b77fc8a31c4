"""The mission as a whole: its executions, its budget, its limits and its guard."""
