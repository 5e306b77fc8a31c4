"""Commands about playbooks, and the values of their parameters on the command line."""
