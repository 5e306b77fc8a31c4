"""Clusters of Kubernetes: attempts are Jobs of its REST interface. `kubectl` is not needed here."""
