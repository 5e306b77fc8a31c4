"""Reviews by agents: which ones are needed, what they may cost, and the verdicts that follow from them."""
