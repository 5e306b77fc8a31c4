"""Settings of deployments: where finished work goes, how, and what shows that it works there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import did_you_mean
from mission_cli.domain.criteria.http import Expectation, HttpCheck
from mission_cli.domain.deploys.targets import After, TargetKind
from mission_cli.domain.errors import UsageError
from mission_cli.domain.preview.rows import is_url

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = pattern(r"[A-Za-z0-9][\w.-]{0,59}")
_PATH = pattern(r"/[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*")
_LOWEST, _HIGHEST = 100, 599


@dataclass(frozen=True, slots=True)
class DeploySettings:
    """One `[deploy.NAME]` table: a target."""

    command: str = ""
    """shell command that deploys the tree of a commit and ends; its last line may be the URL"""
    kind: str = "preview"
    """`preview`, or `production`: what people use"""
    confirm: bool = True
    """a person approves each deployment, if `kind` is production"""
    after: str = "manual"
    """what starts it: `manual`, each passed `milestone`, or `landed`"""
    url: str = ""
    """where it can be opened; empty: the last line of what `command` prints"""
    health: str = ""
    """address, or path at its URL, that has to answer before a deployment is live"""
    health_status: int = 200
    """the status that it has to answer with"""
    health_contains: str = ""
    """a text that the answer has to contain"""
    health_timeout: timedelta = timedelta(minutes=2)
    """how long it may take until it answers like that"""
    rollback: str = ""
    """shell command that takes a failed deployment back; it runs once"""
    needs: tuple[str, ...] = ()
    """resources of the mission that have to be available before"""
    keys: tuple[str, ...] = ()
    """variables of the key file that its commands get"""
    timeout: timedelta = timedelta(minutes=30)
    """longest run of `command` and of `rollback`"""

    @property
    def env(self) -> Mapping[str, str]:
        """Its keys as references."""
        return {name: f"env:{name}" for name in self.keys}

    def health_check(self, url: str) -> HttpCheck:
        """Return what is asked to find out whether it works; `url`: where it can be opened."""
        address = url.rstrip("/") + self.health if self.health.startswith("/") else self.health
        words = f"contains {self.health_contains}"
        told = (Expectation("body", "", "contains", self.health_contains, words),) if self.health_contains else ()
        wait = int(self.health_timeout.total_seconds())
        return HttpCheck("GET", address, ((self.health_status, self.health_status),), told, wait_s=wait)


def check_deploys(targets: Mapping[str, DeploySettings]) -> None:
    """Raise UsageError for a target that cannot be used."""
    for name, one in targets.items():
        prefix = f"deploy.{name}"
        if not _NAME.fullmatch(name):
            raise UsageError(f"{prefix!r} is not a valid name of a target", hint="use letters, digits, `.`, `_`, `-`")
        if not one.command.strip():
            raise UsageError(f"the setting `{prefix}.command` is empty", hint='write command = "./deploy.sh"')
        for key, value, known in (("kind", one.kind, TargetKind), ("after", one.after, After)):
            if value not in set(known):
                hint = did_you_mean(
                    value, [str(k) for k in known], f"use one of {', '.join(map(repr, map(str, known)))}"
                )
                raise UsageError(f"the setting `{prefix}.{key}` is {value!r}", hint=hint)
        _check_addresses(prefix, one)
        if not _LOWEST <= one.health_status <= _HIGHEST:
            words = f"the setting `{prefix}.health_status` is {one.health_status}"
            raise UsageError(words, hint=f"use a number from {_LOWEST} to {_HIGHEST}")


def _check_addresses(prefix: str, one: DeploySettings) -> None:
    if one.url and not is_url(one.url):
        raise UsageError(f"the setting `{prefix}.url` is {one.url!r}", hint='write "https://HOST/PATH"')
    if one.health and not (is_url(one.health) or _PATH.fullmatch(one.health)):
        hint = 'write a path such as "/health", or an address'
        raise UsageError(f"the setting `{prefix}.health` is {one.health!r}", hint=hint)
