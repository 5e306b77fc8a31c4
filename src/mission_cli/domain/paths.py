"""Classify the files of a repository by their paths."""

from __future__ import annotations

from fnmatch import fnmatchcase

from mission_cli._support.lazy_re import pattern

_TEST = pattern(
    r"(^|/)(tests?|specs?|__tests__)/"
    r"|(^|/)test_[^/]*\Z"
    r"|[._-](test|spec)\.[^/]+\Z"
    r"|_test\.[^/]+\Z"
)
SETTINGS_FILE = ".mission.toml"
"""At the root of a repository."""
STOP_FILE = "STOP"
"""In the runtime folder: while it exists, nothing starts."""
MISSION_FOLDERS = ("missions", ".missions", "todo/missions")
MISSION_FILE = pattern(
    r"(?P<folder>(?:.*/)?)(?P<id>[^/]+)/mission\.md\Z|(?P<flat>(?:.*/)?)(?P<flat_id>[^/]+)-mission\.md\Z"
)
_OURS = tuple(f"{folder}/" for folder in MISSION_FOLDERS)
_FIXED = (".mission/", ".github/", ".ci/", ".circleci/", ".husky/", ".githooks/")
_FIXED_FILES = frozenset({SETTINGS_FILE, ".gitlab-ci.yml", ".gitmodules", ".pre-commit-config.yaml"})


def is_named(path: str, name: str) -> bool:
    """Whether a setting names a path: literally, brackets included, or as a pattern with `*`, `?`, `[…]`."""
    return path == name.removeprefix("./") or fnmatchcase(path, name)


def findings_folders(mission: str) -> tuple[str, ...]:
    """Return the folders in which a worker of a mission may leave its findings."""
    return tuple(f"{folder}{mission}/research/" for folder in _OURS)


def is_test_file(path: str) -> bool:
    """Whether a path looks like a test file."""
    return bool(_TEST.search(path))


def always_protected(path: str) -> bool:
    """Whether no worker may change the file: mission files, settings, CI, hooks."""
    return path.startswith((*_OURS, *_FIXED)) or path in _FIXED_FILES


def is_mission_file(path: str) -> bool:
    """Whether a path inside of the repository is a mission file, and not another file of a mission."""
    found = MISSION_FILE.match(path)
    if not found:
        return False
    folder = (found["folder"] if found["id"] else found["flat"]).rstrip("/")
    return folder in MISSION_FOLDERS or folder == ""
