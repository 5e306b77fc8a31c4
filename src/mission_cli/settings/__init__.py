"""Settings: their defaults, reading and checking them, and their descriptions."""

from mission_cli.settings.model import (
    ForgeSettings,
    McpSettings,
    NotificationSettings,
    PreviewSettings,
    RunnerSettings,
    Settings,
    TreeSettings,
)
from mission_cli.settings.outside import DeciderSettings, ServeSettings
from mission_cli.settings.values import ENVIRONMENT_PREFIX, check, from_environment, parse, with_remote, with_setup

__all__ = [
    "ENVIRONMENT_PREFIX",
    "DeciderSettings",
    "ForgeSettings",
    "McpSettings",
    "NotificationSettings",
    "PreviewSettings",
    "RunnerSettings",
    "ServeSettings",
    "Settings",
    "TreeSettings",
    "check",
    "from_environment",
    "parse",
    "with_remote",
    "with_setup",
]
