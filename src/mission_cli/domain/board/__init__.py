"""The board: what readers without this program see of missions, and how its files are recognized."""
