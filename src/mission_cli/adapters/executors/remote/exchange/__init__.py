"""What both sides read and write at the exchange: names of refs, requests and results."""
