"""The adapter for Forgejo and Gitea, by their REST interface, version 1.

What they do not have is answered as such: no merge queue, no annotations, and on Forgejo no log and no rerun of a job.
"""

from mission_cli.adapters.forges.forgejo.forge import Forgejo

__all__ = ["Forgejo"]
