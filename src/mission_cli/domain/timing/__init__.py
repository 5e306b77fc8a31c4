"""Working hours, schedules, and the time that passed while the machine was awake."""
