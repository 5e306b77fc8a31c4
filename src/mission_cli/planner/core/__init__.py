"""What every rule of the planner uses: the observation, the draft, decisions and transitions."""
