"""What people decide about phases: their gates, and to finish, retry or skip one."""
