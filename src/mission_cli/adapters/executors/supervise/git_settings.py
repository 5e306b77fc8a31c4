"""The person's git settings for jobs in the sandbox: their identity and how files are written, nothing else.

The original file may contain tokens, in rewritten URLs and in HTTP headers.
"""

from __future__ import annotations

from pathlib import Path

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.git.repo.command import plain_git

_SHOWN = pattern(
    r"user\.(name|email)|core\.(autocrlf|eol|safecrlf|quotepath)|init\.defaultbranch"
    r"|filter\.lfs\.(clean|smudge|process|required)"
)
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}


def write_settings(folder: Path) -> Path | None:
    """Write the allowed settings to a file in `folder`; return the file, or None if there are none."""
    said = plain_git(Path("/"), "config", "--global", "--includes", "--null", "--list", ok=(0, 1, 128))
    shown: dict[str, str] = {}
    for entry in said.split("\0"):
        name, _, value = entry.partition("\n")
        if _SHOWN.fullmatch(name):
            shown[name] = value
    if not shown:
        return None
    folder.mkdir(mode=0o700, exist_ok=True)
    place = folder / "gitconfig"
    place.write_text("".join(map(_line, shown, shown.values())), encoding="utf-8", errors="surrogateescape")
    return place


def _line(name: str, value: str) -> str:
    section, *middle, key = name.split(".")
    title = f'{section} "{middle[0]}"' if middle else section
    quoted = "".join(_ESCAPED.get(character, character) for character in value)
    return f'[{title}]\n\t{key} = "{quoted}"\n'
