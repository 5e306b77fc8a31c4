"""What is wrong on this machine, with its agents and with the criteria of missions: `mission doctor`."""
