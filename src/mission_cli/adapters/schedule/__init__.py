"""Schedules: cron or systemd starts a pulse every minute."""
