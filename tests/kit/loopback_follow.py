"""What tests start as the follower of a host: the real one, with the launcher of a host in a folder."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.kit.loopback_host import LoopbackLauncher

    from mission_cli.domain.hosts.host import HostKind
    from mission_cli.wiring.follow import follow

    repository, name, lock, *ticking = sys.argv[1:]
    launchers = dict.fromkeys(HostKind, LoopbackLauncher)
    sys.exit(follow(Path(repository), name, int(lock), launchers, ticking=bool(ticking)))
