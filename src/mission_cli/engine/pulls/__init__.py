"""Pull requests: look at the forge, write to it, and describe what is proposed."""
