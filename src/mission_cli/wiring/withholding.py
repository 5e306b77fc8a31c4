"""The variables and values that jobs do not get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.agents import AGENTS
from mission_cli.adapters.executors.sandbox.sandbox import is_usual
from mission_cli.adapters.fs.env_file import read_environment
from mission_cli.adapters.user import key_file
from mission_cli.document.reading.load import load
from mission_cli.domain.resources.delivery import withheld
from mission_cli.settings.outside import SECRETS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.adapters.git.state.store import GitStateStore
    from mission_cli.settings import Settings


def secret_references(settings: Settings) -> tuple[Mapping[str, str], ...]:
    """Return what all settings refer to that must be in no commit, log or report, by names for messages."""
    forge_token = {"FORGE_TOKEN": settings.forge.token} if settings.forge.token else {}
    password = {"MAIL_PASSWORD": settings.mail.password} if settings.mail.password else {}
    payment_key = {"PAYMENT_KEY": settings.payments.key} if settings.payments.key else {}
    runners = (runner.references for runner in settings.runners.values())
    tokens = {f"the token of {name}": host.token for name, host in settings.hosts.items() if host.token}
    return (forge_token, password, payment_key, _channels(settings), _hook_secrets(settings), tokens, *runners)


def withheld_variables(state: GitStateStore, settings: Settings) -> tuple[str, ...]:
    """Return the variables that resources of missions refer to, without those that every job needs, or an agent itself.

    A row may name any variable, and must not take away `PATH`, or the login of an agent.
    """
    made = state.layout.git_dir.is_dir()  # a plan is asked for before there is any mission
    texts = [(one.text, one.id) for one in state.snapshot().missions.values() if "env:" in one.text] if made else []
    found = [name for text, key in texts for name in withheld(load(text, key).mission.resources)]
    agents = [AGENTS.get(runner.kind or name) for name, runner in settings.runners.items()]
    own = tuple(prefix for agent in agents if agent is not None for prefix in agent.access.env)
    named = {value.removeprefix("env:") for runner in settings.runners.values() for value in runner.given.values()}
    named |= {value.removeprefix("env:") for value in (*settings.tree.env.values(), *settings.preview.env.values())}
    kept = (name for name in found if not (is_usual(name) or name in named or name.startswith(own)))
    return tuple(dict.fromkeys(kept))


def kept_back(settings: Settings) -> tuple[str, ...]:
    """Return the variables that no job gets unless they are its own: of key file, forges, channels, hooks and hosts."""
    from mission_cli.adapters.forges.tokens import VARIABLES

    login = (settings.mail.user, settings.mail.password)
    channels = (*_channels(settings).values(), *_hook_secrets(settings).values())
    proxied = (reference for runner in settings.runners.values() for reference, _ in runner.proxied.values())
    hosts = (host.token for host in settings.hosts.values())
    references = (settings.forge.token, settings.payments.key, *login, *channels, *proxied, *hosts)
    named = [one.removeprefix("env:") for one in references if one.startswith("env:")]
    keys = [name for name in read_environment(key_file()) if not is_usual(name)]
    return tuple(dict.fromkeys([*keys, *sorted(VARIABLES), *named]))


def _channels(settings: Settings) -> Mapping[str, str]:
    """Return the channels of all rules, by a name for messages."""
    return {
        f"channel {number} of {name}": channel
        for name, rule in settings.notifications.items()
        for number, channel in enumerate(rule.channels, 1)
    }


def _hook_secrets(settings: Settings) -> Mapping[str, str]:
    """Return what the settings for webhooks refer to, by the name of the setting."""
    return {name: value for name in SECRETS if (value := getattr(settings.serve, name))}
