"""What changes, as it changes: server-sent events and WebSockets."""
