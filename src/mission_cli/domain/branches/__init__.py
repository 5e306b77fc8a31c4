"""What is known about branches: what landing would do, what judges a change, who moved a branch."""
