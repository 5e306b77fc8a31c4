"""The egress proxy: a process beside a job that adds a key to requests for one host."""
