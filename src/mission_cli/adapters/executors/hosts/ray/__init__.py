"""Ray clusters: attempts are jobs of the Jobs REST interface of the dashboard. Ray itself is not needed here."""
