"""The first file of the program that is sent to hosts: it unpacks the program, once, and runs it from there.

Unpacked, its modules are compiled only once, and the sandbox can show its files to jobs. This file must be readable for
any Python 3, to say which one is needed.
"""

import os
import sys


def _run() -> int:
    here = os.path.dirname(os.path.abspath(__file__))
    if sys.version_info[:2] < (3, 11):
        sys.stderr.write("mission needs Python 3.11 or newer; this is %d.%d\n" % sys.version_info[:2])
        return 3
    place = here if os.path.isdir(here) else _unpacked(here)
    sys.path[:] = [place] + [one for one in sys.path if os.path.abspath(one) != here]
    from importlib import import_module

    return int(import_module("mission_cli.__main__").main())


def _unpacked(archive: str) -> str:
    import hashlib
    import shutil
    import time
    import zipfile

    words = sys.argv[1:]
    root = words[words.index("--root") + 1] if "--root" in words[:-1] else "~/.cache/mission"
    folder = os.path.join(os.path.expanduser(root), "program")
    with open(archive, "rb") as source:
        digest = hashlib.sha256(source.read()).hexdigest()[:32]
    place = os.path.join(folder, digest)
    if not os.path.isdir(place):
        new = os.path.join(folder, ".%s.%d" % (digest, os.getpid()))
        os.makedirs(new)
        try:
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(new)
            os.rename(new, place)
        except OSError:  # another process was first, or the disk is full
            shutil.rmtree(new, ignore_errors=True)
            if not os.path.isdir(place):
                raise
        for name in os.listdir(folder):
            other = os.path.join(folder, name)
            if name != digest and time.time() - os.stat(other).st_mtime > 60 * 86400:
                shutil.rmtree(other, ignore_errors=True)
    os.utime(place)
    return place


if __name__ == "__main__":
    sys.exit(_run())
