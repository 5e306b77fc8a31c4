"""Clusters of Slurm, used by its commands: on this machine, or on a login node by `ssh`."""
