"""The workers of phases: one function for each kind, which says how far its phase is."""
