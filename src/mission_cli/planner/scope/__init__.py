"""What a mission still does when its budget does not pay for everything: projections, proposals, and their answers."""
