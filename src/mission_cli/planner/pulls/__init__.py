"""Pull requests: propose judged work, follow what the forge says of it, and have it merged by the forge's rules."""
