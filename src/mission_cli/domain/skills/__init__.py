"""What missions learned: skills, how they stand over several missions, and which ones fit a feature."""
