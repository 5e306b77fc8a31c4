"""What every rule of the planner uses: the observation, the deliberation, decisions and transitions."""
