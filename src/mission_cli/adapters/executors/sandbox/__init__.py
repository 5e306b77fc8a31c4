"""Confines the processes of a job."""
