"""The adapter for GitLab, by its REST interface, version 4. A merge request is a pull request here, a job a check.

What only paid versions have, such as approval rules, merge trains and external status checks, is used where it is.
"""

from mission_cli.adapters.forges.gitlab.forge import GitLab

__all__ = ["GitLab"]
