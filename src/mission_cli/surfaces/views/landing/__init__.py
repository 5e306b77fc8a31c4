"""What people see of landing: the preview of a landing, and pull requests."""
