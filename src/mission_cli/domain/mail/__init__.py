"""Mail that a mission sends and gets: letters, their states, and which reply belongs to which."""
