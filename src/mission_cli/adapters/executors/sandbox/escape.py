"""Run in the sandbox: try to escape, and print each way that worked, one per line.

Usage: `python -I -S escape.py HOME READONLY HANDLE TYPE`. HOME is a folder that contains a file `hidden`, READONLY a
folder that is mounted read-only. HANDLE and TYPE are the kernel's handle of that file, made outside (empty if the
kernel makes none).
"""

import ctypes
import os
import sys

_REMOUNT_RW = 0x20 | 0x1000
_PRIVATE_MOUNTS = ("tmpfs", "sysfs", "cgroup2", "proc")
_CORE_PATTERN = "/proc/sys/kernel/core_pattern"


def main() -> None:
    """Try every way out, and print those that worked."""
    home, readonly, handle, kind = sys.argv[1:]
    libc = ctypes.CDLL(None, use_errno=True)
    ways = {
        "read a file in your home": os.path.exists(f"{home}/hidden"),  # noqa: PTH110 - nothing is imported here that takes time
        "keep root capabilities": _capable(),
        "write to read-only folders": _remounts(libc, readonly),
        "mount file systems": any(_mounts(libc, kind) for kind in _PRIVATE_MOUNTS),
        "open hidden files by their handle": bool(handle) and _opens(libc, bytes.fromhex(handle), int(kind)),
        "change kernel settings": _writable(_CORE_PATTERN),
    }
    sys.stdout.write("".join(f"{way}\n" for way, worked in ways.items() if worked))


def _capable() -> bool:
    with open("/proc/self/status", encoding="ascii", errors="replace") as source:  # noqa: PTH123 - as above
        return any(line.startswith("CapEff:") and int(line.split()[1], 16) for line in source)


def _remounts(libc: ctypes.CDLL, place: str) -> bool:
    libc.mount(None, place.encode(), None, _REMOUNT_RW, None)
    return _writable(os.path.join(place, "written"), create=True)  # noqa: PTH118 - as above


def _mounts(libc: ctypes.CDLL, kind: str) -> bool:
    place = f"/tmp/{kind}"  # noqa: S108 - a folder of the sandbox's own
    os.makedirs(place, exist_ok=True)  # noqa: PTH103 - as above
    return int(libc.mount(kind.encode(), place.encode(), kind.encode(), 0, None)) == 0


def _opens(libc: ctypes.CDLL, handle: bytes, kind: int) -> bool:
    asked = len(handle).to_bytes(4, sys.byteorder) + kind.to_bytes(4, sys.byteorder, signed=True) + handle
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    return int(libc.open_by_handle_at(here, ctypes.create_string_buffer(asked, len(asked)), os.O_RDONLY)) >= 0


def _writable(place: str, *, create: bool = False) -> bool:
    try:
        os.close(os.open(place, os.O_WRONLY | (os.O_CREAT if create else 0), 0o600))
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
