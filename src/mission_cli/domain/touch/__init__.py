"""Which files features are expected to change, and how good such predictions were."""
