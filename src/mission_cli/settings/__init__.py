"""Settings: their defaults, reading and checking them, and their descriptions."""

from mission_cli.settings.checks import check
from mission_cli.settings.dashboard import DashboardSettings
from mission_cli.settings.deploying import DeploySettings
from mission_cli.settings.feedback import FeedbackSettings
from mission_cli.settings.hosts import HostSettings, hosts_of
from mission_cli.settings.model import (
    ForgeSettings,
    MailSettings,
    McpSettings,
    NotificationSettings,
    PreviewSettings,
    RunnerSettings,
    Settings,
    SkillSettings,
    TreeSettings,
)
from mission_cli.settings.money import BudgetSettings, CurrencySettings, PriceSettings
from mission_cli.settings.outside import DeciderSettings, ServeSettings
from mission_cli.settings.payments import PaymentSettings, PurchaseLimitSettings
from mission_cli.settings.values import ENVIRONMENT_PREFIX, from_environment, parse, with_remote, with_setup
from mission_cli.settings.watching import HookSettings, WatcherSettings

__all__ = [
    "ENVIRONMENT_PREFIX",
    "BudgetSettings",
    "CurrencySettings",
    "DashboardSettings",
    "DeciderSettings",
    "DeploySettings",
    "FeedbackSettings",
    "ForgeSettings",
    "HookSettings",
    "HostSettings",
    "MailSettings",
    "McpSettings",
    "NotificationSettings",
    "PaymentSettings",
    "PreviewSettings",
    "PriceSettings",
    "PurchaseLimitSettings",
    "RunnerSettings",
    "ServeSettings",
    "Settings",
    "SkillSettings",
    "TreeSettings",
    "WatcherSettings",
    "check",
    "from_environment",
    "hosts_of",
    "parse",
    "with_remote",
    "with_setup",
]
