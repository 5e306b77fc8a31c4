"""Money: a dated table of prices, the data that it is made from, and what all repositories of a machine spend."""
