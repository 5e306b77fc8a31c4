"""Reviews by agents: which ones are needed, by whom, and what they may cost."""
