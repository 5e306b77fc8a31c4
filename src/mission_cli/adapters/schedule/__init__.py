"""What starts the pulse every minute: cron or systemd."""
