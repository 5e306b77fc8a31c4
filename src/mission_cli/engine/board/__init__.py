"""The files about missions for readers without this program: what they show, and how they are kept up to date."""
