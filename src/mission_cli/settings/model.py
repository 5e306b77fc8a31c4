"""All settings with their defaults. The text below each is what `docs/settings.md` and the JSON schema say about it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.egress.gate import split_delivery
from mission_cli.settings.dashboard import DashboardSettings
from mission_cli.settings.feedback import FeedbackSettings
from mission_cli.settings.money import BudgetSettings, CurrencySettings, PriceSettings
from mission_cli.settings.outside import DeciderSettings, ServeSettings
from mission_cli.settings.payments import PaymentSettings, PurchaseLimitSettings
from mission_cli.settings.watching import HookSettings, WatcherSettings, hooks_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.hooks.rules import Hooks
    from mission_cli.settings.deploying import DeploySettings
    from mission_cli.settings.hosts import HostSettings


@dataclass(frozen=True, slots=True)
class TreeSettings:
    """How the tree of a worker or a check is prepared."""

    setup: str = ""
    """shell command that runs in each new clone of a worker or a check"""
    copy: tuple[str, ...] = ()
    """files outside git that are copied from your checkout, such as `.env.test`"""
    keys: tuple[str, ...] = ()
    """variables of the key file that checks get"""

    @property
    def env(self) -> Mapping[str, str]:
        """Variables that checks get in addition to the usual ones."""
        return _references(self.keys)


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """One `[runners.NAME]` table."""

    kind: str = ""
    """an agent known by name, `acp`, or `command` for any program; empty: the name of the table"""
    command: tuple[str, ...] = ()
    """program and arguments; empty: the program of the agent, from PATH"""
    models: Mapping[str, str] = field(default_factory=dict)
    """the model for each tier, `{opus = "…"}`; empty: that of the agent itself"""
    env: Mapping[str, str] = field(default_factory=dict)
    """variables for the runner; `env:NAME` and `file:PATH` refer to keys"""
    keys: tuple[str, ...] = ()
    """variables of the key file that the runner gets"""
    proxy: Mapping[str, str] = field(default_factory=dict)
    """`{X = "env:KEY proxy https://HOST HEADER: {}"}`: `X_URL` leads to HOST with KEY"""
    deadline: timedelta = timedelta(hours=3)
    """longest attempt"""
    max_steps: int = 0
    """steps of one attempt; 0: the general setting"""
    stall_after: timedelta = timedelta(0)
    """silence that ends an attempt; 0: the general setting"""
    project_settings: bool = False
    """load the repository's own agent settings, hooks and MCP servers"""

    @property
    def given(self) -> Mapping[str, str]:
        """Its `env`, and its keys as references."""
        return {**_references(self.keys), **self.env}

    @property
    def proxied(self) -> Mapping[str, tuple[str, str]]:
        """References to keys that it uses but never has, and how they are delivered, by name."""
        return {name: split_delivery(text) for name, text in self.proxy.items()}

    @property
    def references(self) -> Mapping[str, str]:
        """All that it needs, by name."""
        return {**self.given, **{name: reference for name, (reference, _) in self.proxied.items()}}


@dataclass(frozen=True, slots=True)
class ForgeSettings:
    """The `[forge]` table: where pull requests are opened, and how."""

    kind: str = ""
    """`github`, `gitlab` or `forgejo`; empty: by the address of the remote"""
    url: str = ""
    """base URL of its API, for a server of your own; empty: by the address of the remote"""
    remote: str = "origin"
    """name of the git remote whose repository gets the pull requests"""
    token: str = ""
    """`env:NAME` or `file:PATH`; empty: `GITHUB_TOKEN` and the like, then `gh auth token`"""
    fork: bool = False
    """push to a fork of the account that the token belongs to"""
    merge: str = ""
    """`merge`, `squash` or `rebase`; empty: what the repository allows, in this order"""
    required: tuple[str, ...] = ()
    """checks that have to pass, besides those that the forge requires"""
    checks_grace: timedelta = timedelta(minutes=45)
    """time for checks to start; then the pull request is reopened, once"""
    poll: timedelta = timedelta(seconds=30)
    """shortest time between two looks at the forge; the longest is 20 times that"""
    draft: bool = False
    """open each pull request as a draft, which a person marks as ready"""
    labels: tuple[str, ...] = ()
    """labels of each pull request and issue"""
    reviewers: tuple[str, ...] = ()
    """who is asked for a review; a team is `owner/team`"""
    assignees: tuple[str, ...] = ()
    """who is assigned"""
    milestone: str = ""
    """title of the forge's milestone that pull requests are added to"""
    issues: bool = False
    """open an issue for each feature, which the merge closes"""
    todo: bool = False
    """keep a line for each feature in `TODO.md`, and its brief in `todo/tasks/`"""


@dataclass(frozen=True, slots=True)
class McpSettings:
    """The `[mcp]` table: agents that use the tools of `mission mcp`."""

    deciding_clients: tuple[str, ...] = ()
    """MCP clients that decide without asking you, by name; empty: none"""
    workers: bool = True
    """give workers tools to ask you and to report; needs the extra `mcp`"""


@dataclass(frozen=True, slots=True)
class PreviewSettings:
    """The `[preview]` table: how finished work is shown before it lands."""

    run: str = ""
    """shell command that starts a server in a clean tree; it listens on `$MISSION_PORT`"""
    deploy: str = ""
    """instead of `run`: shell command that deploys the tree and reports its URL"""
    cleanup: str = ""
    """shell command that removes what a preview has left, after its end"""
    ready: timedelta = timedelta(seconds=60)
    """time until it listens, or until its deployment is reported"""
    health: str = ""
    """path that has to answer without an error before it is ready, such as `/health`"""
    path: str = "/"
    """path of the page that is shown"""
    expires: timedelta = timedelta(hours=24)
    """how long it stays"""
    keys: tuple[str, ...] = ()
    """variables of the key file that its commands get"""

    @property
    def env(self) -> Mapping[str, str]:
        """Its keys as references."""
        return _references(self.keys)


@dataclass(frozen=True, slots=True)
class SkillSettings:
    """The `[skills]` table: what missions learn for later ones."""

    learn: bool = True
    """note what a completed mission learned, and give workers what fits their feature"""
    tokens: int = 800
    """tokens of a prompt for it, about; 0: none"""


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The `[mail]` table: the account by which missions send and get mail."""

    smtp: str = ""
    """host of the server that sends; empty: mail is off"""
    smtp_port: int = 465
    """its port; TLS from the start, as on 465, unless `starttls` is true"""
    starttls: bool = False
    """begin TLS with STARTTLS, as on port 587; nothing is ever sent without TLS"""
    imap: str = ""
    """host of the server with the mailbox; empty: nothing is read"""
    imap_port: int = 993
    """its port, with TLS from the start"""
    user: str = ""
    """`env:NAME` or `file:PATH`: the account on both servers"""
    password: str = ""
    """`env:NAME` or `file:PATH`: its password"""
    sender: str = ""
    """who mails come from, `Name <address>`"""
    folder: str = "INBOX"
    """folder in which replies arrive"""
    sent_folder: str = ""
    """folder for copies of sent mails; empty: no copies"""
    server: str = ""
    """your mail server's name in `Authentication-Results`; empty: no sender is proven"""
    questions: str = ""
    """address that gets the questions of missions; empty: they are not sent by mail"""
    answers: bool = False
    """a reply to a question answers it, if `server` has proven the sender"""
    limit: int = 20
    """mails of one mission that go to the addresses of its list without your approval"""


@dataclass(frozen=True, slots=True)
class NotificationSettings:
    """One `[notifications.NAME]` table: a rule that says which events go where."""

    channels: tuple[str, ...] = ()
    """apprise URLs; `env:NAME` or `file:PATH` for those with a secret"""
    events: tuple[str, ...] = ()
    """event names, such as `milestone.*`; empty: those of `notify`"""
    when: str = ""
    """condition as JSON over facts of the event and its mission; empty: none"""
    attach: tuple[str, ...] = ()
    """files of the mission's folder that are sent along, such as `assets/*.png`"""
    severity: str = "info"
    """lowest severity: `info`, `warning` or `error`"""
    missions: tuple[str, ...] = ()
    """patterns of mission ids; empty: all missions"""
    template: str = ""
    """Jinja text for a message; empty: one sentence"""
    cooldown: timedelta = timedelta(0)
    """how long the same event of the same mission is left out after a message"""
    quiet: str = ""
    """hours of the day in which messages wait, `"22:00-07:00"`; empty: none"""
    digest: timedelta = timedelta(0)
    """collect messages for this long, and send them as one; 0: send each"""
    decider: str = ""
    """the `[deciders.NAME]` who reads the channels and gets links to decide; empty: no links"""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a repository."""

    max_parallel_workers: int = 2
    """workers of one mission at a time, if the mission file names no number"""
    machine_workers: int = 4
    """workers at a time on this machine, across all missions of a user"""
    attempts: int = 3
    """attempts per feature before it fails"""
    max_steps: int = 300
    """steps (model requests) of one attempt"""
    retry_delays: tuple[timedelta, ...] = tuple(timedelta(minutes=m) for m in (1, 4, 16))
    """wait before the next attempt, after one that counts"""
    outage_delays: tuple[timedelta, ...] = tuple(timedelta(minutes=m) for m in (1, 2, 4, 8, 16, 32, 60))
    """the same after an outage, plus up to 25 %"""
    stall_after: timedelta = timedelta(minutes=10)
    """silence of an agent, without CPU use, that ends the attempt"""
    stuck_after: timedelta = timedelta(hours=2)
    """the same for a runner of kind `command`"""
    lost_grace: timedelta = timedelta(seconds=5)
    """how long a supervisor may fail to answer before the attempt is lost"""
    hours: str = ""
    """hours of the day in which workers start, `"22:00-07:00,12:00-13:00"`; empty: all day"""
    check_timeout: timedelta = timedelta(minutes=30)
    """longest run of a criterion that names no timeout"""
    validation_rounds: int = 3
    """failed validations of a milestone before the mission pauses"""
    sandbox: str = "auto"
    """`auto`: use it where it works; `required`: start nothing without it; `off`"""
    network: str = "on"
    """network of sandboxed jobs: `on`; `off` or `loopback`: only their own loopback"""
    sandbox_read: tuple[str, ...] = ()
    """more paths that a sandboxed job may read"""
    sandbox_write: tuple[str, ...] = ()
    """more paths that a sandboxed job may change"""
    protect: tuple[str, ...] = ()
    """more paths that no worker may change, as patterns"""
    secret_exceptions: tuple[str, ...] = ()
    """paths in which a worker may commit what looks like a secret"""
    max_file_mib: int = 100
    """largest file that a worker may commit; 0: any size"""
    min_free_memory_mib: int = 1024
    """nothing starts with less free memory than this"""
    min_free_disk_mib: int = 2048
    """nothing starts with less free disk space than this"""
    plan_max_usd: Decimal = Decimal(1)
    """money for a plan that a model makes from a goal"""
    plan_deadline: timedelta = timedelta(minutes=15)
    """time for one answer of the planning model, which answers at most twice"""
    request_lifetime: timedelta = timedelta(hours=24)
    """how long a question to you stays open; you can still answer it later"""
    notify: str = ""
    """shell command that runs on events of a mission"""
    state: str = ""
    """empty: a repository of its own in `missions/`; `here`: the branch that is checked out"""
    trees: str = ""
    """folder for the clones of workers; empty: your state folder"""
    identity: str = ""
    """author of state commits, `Name <address>`; empty: `mission <mission@localhost>`"""
    sign: str = "auto"
    """sign state commits: `auto`: if git signs yours; `always`: with your key; `never`"""
    remote: str = ""
    """name of the git remote by which clones share missions; empty: nothing is pushed"""
    remote_every: timedelta = timedelta(minutes=5)
    """how often pulses check the remote while nothing happens"""
    full_look: timedelta = timedelta(minutes=15)
    """longest time between two full checks of everything"""
    agree_after: timedelta = timedelta(seconds=10)
    """time between two pulses that confirm an expiry; 0: one is enough"""
    tree: TreeSettings = field(default_factory=TreeSettings)
    forge: ForgeSettings = field(default_factory=ForgeSettings)
    serve: ServeSettings = field(default_factory=ServeSettings)
    deciders: Mapping[str, DeciderSettings] = field(default_factory=dict)
    mcp: McpSettings = field(default_factory=McpSettings)
    skills: SkillSettings = field(default_factory=SkillSettings)
    preview: PreviewSettings = field(default_factory=PreviewSettings)
    deploy: Mapping[str, DeploySettings] = field(default_factory=dict)
    dashboard: DashboardSettings = field(default_factory=DashboardSettings)
    feedback: FeedbackSettings = field(default_factory=FeedbackSettings)
    budgets: Mapping[str, BudgetSettings] = field(default_factory=dict)
    prices: Mapping[str, PriceSettings] = field(default_factory=dict)
    currency: CurrencySettings = field(default_factory=CurrencySettings)
    hooks: HookSettings = field(default_factory=HookSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    payments: PaymentSettings = field(default_factory=PaymentSettings)
    purchase_limits: Mapping[str, PurchaseLimitSettings] = field(default_factory=dict)
    notifications: Mapping[str, NotificationSettings] = field(default_factory=dict)
    watchers: Mapping[str, WatcherSettings] = field(default_factory=dict)
    runners: Mapping[str, RunnerSettings] = field(default_factory=dict)
    hosts: Mapping[str, HostSettings] = field(default_factory=dict)

    @property
    def hooks_and_watchers(self) -> Hooks:
        """The hooks and watchers as the planner reads them."""
        return hooks_of(self.hooks, self.watchers)


def _references(names: tuple[str, ...]) -> dict[str, str]:
    return {name: f"env:{name}" for name in names}
