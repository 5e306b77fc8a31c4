"""Every command of the command line: its group in `mission --help`, examples, and the page of the manual about it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


class Group(StrEnum):
    """A heading of `mission --help`, in the order in which they are shown."""

    START = "Start"
    WATCH = "Watch"
    DECIDE = "Decide"
    STEER = "Steer"
    REPAIR = "Repair"
    FILES = "Files"
    SETUP = "Setup"
    PLUMBING = "Plumbing"
    OTHER = "Other commands"
    """Commands without an entry below; a test keeps it empty."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the help of a command says besides its own description."""

    group: Group
    topic: str
    """The page of `docs/` about it, without `.md`."""
    examples: tuple[tuple[str, str], ...]
    """(command line without `mission`, what it does)"""


def _entry(group: Group, topic: str, *examples: tuple[str, str]) -> Entry:
    return Entry(group, topic, examples)


_START: Mapping[str, Entry] = {
    "init": _entry(
        Group.START,
        "first-mission",
        ("init", "set this repository up"),
        ("init --remote origin", "also share missions with other clones through `origin`"),
    ),
    "new": _entry(
        Group.START,
        "interview",
        ('new "A command that counts the words of a file, with tests"', "let the model plan, and approve the plan"),
        ("new --plan plan.yaml --max-usd 20", "use your own plan, for at most 20 dollars"),
        ("new --plan - --id words < plan.yaml", "read the plan from standard input"),
        ("new --playbook cli-tool -p name=words -p purpose='Counts words.'", "make it from a plan with parameters"),
        ('new "Fix the flaky tests" --headless --start', "without questions, and start it"),
        ("new --headless --answers answers.yaml", "with the answers of the interview in a file"),
        ("new --questions --json", "all questions of the interview, for a program"),
    ),
    "start": _entry(
        Group.START,
        "first-mission",
        ("start", "show what will run and what it may cost, and ask"),
        ("start words --yes", "start without a question"),
    ),
    "run": _entry(Group.START, "first-mission", ("run", "follow the mission until it is finished or needs you")),
}
_WATCH: Mapping[str, Entry] = {
    "status": _entry(
        Group.WATCH,
        "cli",
        ("status", "progress, workers and spending of the mission"),
        ("status words --watch", "refresh it every second"),
        ("status words --json | jq .budget.usd.spent", "for a program"),
    ),
    "list": _entry(
        Group.WATCH,
        "cli",
        ("list", "the missions of this repository"),
        ("list --archived", "those in the archive"),
        ("list --all --status active,paused", "unfinished missions of all repositories"),
    ),
    "top": _entry(
        Group.WATCH,
        "screen",
        ("top", "what waits for you, and the missions of this repository"),
        ("top --all", "those of all repositories"),
    ),
    "why": _entry(
        Group.WATCH,
        "machines",
        ("why", "what holds the mission"),
        ("why words/1.2", "what holds feature 1.2, and how to unblock it"),
    ),
    "logs": _entry(
        Group.WATCH,
        "coding-agents",
        ("logs 1.2", "what the worker of feature 1.2 did"),
        ("logs words/1.2 -f", "follow it while it works"),
        ("logs 1.2 --attempt 1", "an earlier attempt"),
    ),
    "inbox": _entry(Group.WATCH, "cli", ("inbox", "what waits for you, with the command that answers it")),
    "pr": _entry(
        Group.WATCH,
        "pull-requests",
        ("pr", "pull requests of all missions: checks, reviews, and who can clear what blocks them"),
        ("pr words", "those of one mission"),
    ),
    "preview": _entry(
        Group.WATCH,
        "previews",
        ("preview words", "start a server with the finished work, or print its address"),
        ("preview words --wait", "wait until it can be opened"),
        ("preview words --restart", "show the finished work as it is now"),
        ("preview words --stop", "end it"),
    ),
    "account": _entry(
        Group.DECIDE,
        "accounts",
        ("account list words", "the accounts that the mission needs"),
        ("account show words forum", "the plan of a sign-up, and which steps are done"),
        ("account run words forum", "sign up, or continue where it waits"),
    ),
    "deploy": _entry(
        Group.WATCH,
        "deployment",
        ("deploy words staging", "deploy the finished work to the target `staging`"),
        ("deploy words production --wait", "wait until it is live, or was rolled back"),
        ("deploy words production --rollback", "roll back what is live there"),
        ("deploy words production --drop", "drop one that is planned, or leave a failed one"),
    ),
    "feedback": _entry(
        Group.WATCH,
        "self-organization",
        ("feedback list words", "what the mission observed that a project can improve"),
        ("feedback show words 1", "the issue that a draft would open"),
        ("feedback file words 1", "open it, unless there is one already"),
        ('feedback discard words 2 --reason "known"', "discard it, so that it is not observed again"),
    ),
    "history": _entry(
        Group.WATCH,
        "cli",
        ("history", "what happened, newest first"),
        ("history words --limit 10", "the last ten events"),
    ),
    "show": _entry(Group.WATCH, "format", ("show words", "everything that the program reads from the mission file")),
    "diff": _entry(
        Group.WATCH,
        "merging",
        ("diff words", "what the last commit changed in the mission file"),
        ("diff words HEAD~5..HEAD", "what the last five commits changed"),
    ),
    "report": _entry(
        Group.WATCH,
        "cli",
        ("report words", "goal and outcome, with the evidence, as Markdown"),
        ("report words --format html -o report.html", "as one page, with charts and screenshots"),
        ("report words --format pdf -o report.pdf", "the same page as PDF"),
    ),
    "dashboard": _entry(
        Group.WATCH,
        "dashboards",
        ("dashboard -o missions.html", "all missions of this repository as one page"),
        ("dashboard words -o words.html --watch", "one mission, written again whenever something has changed"),
        ("dashboard --all -o all.html", "the missions of all repositories"),
    ),
    "what-if": _entry(
        Group.WATCH,
        "forecast",
        ("what-if words --parallel 4", "cost and time with four workers at once"),
        ("what-if words --parallel 1 --cap 50", "with one worker, and a cap of $50"),
    ),
    "budget": _entry(
        Group.WATCH,
        "forecast",
        ("budget forecast words", "what the mission will cost, and when it will be finished"),
        ("budget estimate 6 --milestones 2", "what a mission with six features costs, before there is a plan"),
        ("budget analyze --usd 60 --hours 8", "how many features that pays for"),
        ("budget analyse --tokens 50M", "the same in British spelling"),
        ("budget analyze words --usd 60", "which features of the mission"),
        ("budget recommend words", "caps that nine of ten such missions do not reach"),
        ("budget report words --csv > words.csv", "each attempt with its tokens and cost, for a spreadsheet"),
        ('budget record words "Test account" --usd 12.50', "money that you have spent yourself"),
        ("budget limits", "what remains of budgets across missions, and when more is free"),
        ("budget prices opus", "what models with this name cost, and of which day the prices are"),
        ("budget prices --update", "write your own table of prices, from the installed package genai-prices"),
        ("budget accuracy", "ended missions, beside what would have been forecast"),
    ),
    "purchase": _entry(
        Group.STEER,
        "payments",
        (
            'purchase request words/1.2 --amount "20.00 EUR" --merchant example.com --purpose "a test domain"',
            "ask for a purchase; then an approver answers the request",
        ),
        ("purchase list", "all purchases, and how they differ from what the provider says"),
        ("purchase show words 1", "one of them"),
        ('purchase paid words 1 --amount "20.00 EUR" --receipt receipt.pdf', "what you paid, with the receipt"),
        ('purchase refund words 1 --amount "5.00 EUR"', "ask for part of it back"),
        ("purchase stop", "stop all payments of this repository at once"),
        ("purchase stop --lift", "allow them again"),
    ),
    "context": _entry(
        Group.WATCH,
        "cli",
        ("context words", "what a new conversation needs to know, in at most about 2,000 tokens"),
        ("context words --max-tokens 800 --json", "less of it, as JSON"),
    ),
    "verify": _entry(
        Group.WATCH,
        "cli",
        ("verify words", "run every criterion again on the recorded commits, and compare"),
        ("verify words --history", "compare the costs at every commit, too"),
    ),
    "replay": _entry(
        Group.WATCH,
        "cli",
        ("replay words", "what this version of the program would decide differently from the loop"),
    ),
}
_DECIDE: Mapping[str, Entry] = {
    "approve": _entry(
        Group.DECIDE,
        "machines",
        ("approve words design", "approve the gate `design`"),
        ('approve words design --comment "as discussed"', "with a comment"),
        ("approve words review --commit 4f2c1a9", "only if that is still what the gate shows"),
    ),
    "reject": _entry(
        Group.DECIDE, "machines", ('reject words design --comment "too complex"', "reject the gate `design`")
    ),
    "ask": _entry(
        Group.DECIDE,
        "machines",
        (
            'ask words/1.2 "Which database?" --option "sqlite=one file" --option postgres',
            "feature 1.2 waits for the answer",
        ),
        ('ask words "May we publish it?" --urgency high --expires 2h', "a question about the whole mission"),
    ),
    "answer": _entry(
        Group.DECIDE,
        "machines",
        ('answer words 1 "Use SQLite"', "answer question 1 of the mission"),
        ("answer words 2 pass", "a criterion that you judge yourself is met"),
        ("answer words 3 --withdraw", "question 3 no longer needs an answer"),
    ),
    "land": _entry(
        Group.DECIDE,
        "machines",
        ("land", "bring the finished work to your branch"),
        ("land words --pr", "open a pull request for it instead"),
    ),
    "advance": _entry(
        Group.DECIDE,
        "phases",
        ("advance words --expected-phase testing", "finish the phase `testing` by hand; refused if it is not current"),
    ),
    "signal": _entry(
        Group.DECIDE,
        "machines",
        ("signal words/1.3", "the event that feature 1.3 waits for has happened"),
        ("signal words/1.3 --data - < answer.json", "the same, with data for the worker"),
    ),
}
_STEER: Mapping[str, Entry] = {
    "set": _entry(
        Group.STEER,
        "format",
        ("set words budget.money_usd 30", "raise the cap to 30 dollars"),
        ("set words preferences.max_parallel_workers 3", "three workers at a time"),
        ("set words quarantine none", "take every flaky test off the list"),
    ),
    "add": _entry(
        Group.STEER,
        "format",
        ('add words "Count lines" --criterion "run: pytest -q"', "add a feature to the first unfinished milestone"),
        ('add words/2 "Count lines" --depends 1.1 --estimate 2h', "to milestone 2, after feature 1.1"),
    ),
    "add-milestone": _entry(
        Group.STEER,
        "format",
        ('add-milestone words "Packaging" --feature "Build a wheel"', "add a milestone with one feature"),
    ),
    "replan": _entry(
        Group.STEER,
        "forecast",
        ("replan words > rest.yaml", "what has not begun, as a plan to edit"),
        ("replan words --plan rest.yaml", "what your plan changes; apply it if you agree"),
        ('replan words "make it smaller"', "have the model that plans propose it"),
        ("replan words --proposed", "the same with what the orchestrator proposed after a failed milestone"),
    ),
    "move": _entry(Group.STEER, "format", ("move words/1.2 --to 2", "move feature 1.2 to milestone 2")),
    "sync": _entry(Group.STEER, "machines", ("sync words", "take a fix from the base branch into the running mission")),
    "mail": _entry(
        Group.DECIDE,
        "mails",
        ("mail words", "the mails of a mission, with their status"),
        ("mail words 3", "one of them, with its replies"),
        ("mail words 3 --approve", "send this draft"),
        ("mail words 3 --again", "send one again that was refused, or may have arrived"),
    ),
    "hold-out": _entry(
        Group.STEER,
        "format",
        ('hold-out words "run: pytest -q tests/hidden"', "a criterion of the last milestone that no worker sees"),
        ("hold-out words", "list them, with their results"),
    ),
    "resource": _entry(
        Group.STEER,
        "resources",
        ("resource list words", "what the mission needs, what is there, and what waits"),
        ('resource add words "Stripe key" --type credential --purpose "test payments"', "add something it needs"),
        ("resource provide words stripe-key --reference pass:web/stripe", "say where the value is"),
        ("resource provide words stripe-key --value-stdin < key", "store the value in a file of yours"),
        ("resource check words", "check whether everything is available"),
    ),
    "tell": _entry(Group.STEER, "coding-agents", ('tell words/1.2 "Use argparse"', "the next attempt reads it")),
    "note": _entry(
        Group.STEER,
        "cli",
        ('note words "Legal agreed on the phone"', "show it in `history` and `context`"),
    ),
    "edit": _entry(
        Group.STEER, "format", ("edit", "edit the mission file"), ("edit words", "that of the mission `words`")
    ),
    "skip": _entry(
        Group.STEER,
        "machines",
        ('skip words/1.3 --reason "no longer needed"', "continue without feature 1.3"),
        ('skip words --phase deploying --reason "nothing to deploy"', "continue without the phase `deploying`"),
    ),
    "pause": _entry(
        Group.STEER,
        "machines",
        ("pause", "start nothing new; running workers finish"),
        ("pause words --now", "also stop running workers; their work is kept"),
    ),
    "resume": _entry(
        Group.STEER, "machines", ("resume", "continue"), ("resume --all", "continue after `mission stop --all`")
    ),
    "archive": _entry(
        Group.STEER,
        "machines",
        ('archive words --reason "no longer needed"', "hide it; nothing is deleted"),
        ("archive words --restore", "show it again"),
    ),
    "cancel": _entry(
        Group.STEER, "machines", ('cancel words --reason "superseded"', "end the mission; the work is kept")
    ),
    "stop": _entry(Group.STEER, "machines", ("stop --all", "stop everything in this repository at once")),
}
_REPAIR: Mapping[str, Entry] = {
    "retry": _entry(
        Group.REPAIR,
        "machines",
        ("retry 1.2", "retry feature 1.2 with a fresh set of attempts"),
        ("retry words --phase", "begin the current phase of the mission `words` again"),
    ),
    "open": _entry(
        Group.REPAIR,
        "cli",
        ("open 1.2", "take over feature 1.2 in the agent's own program"),
        ("open words/1.2 --print", "only print where its clone is"),
        ("open words --web", "the page of the mission, on a server that is running"),
    ),
    "handback": _entry(
        Group.REPAIR,
        "cli",
        ("handback 1.2", "have your commits judged like those of a worker"),
        ("handback 1.2 --as-is", "only what is committed"),
    ),
    "undo": _entry(
        Group.REPAIR, "merging", ("undo", "undo the last decision"), ("undo words", "of the mission `words`")
    ),
    "validate": _entry(
        Group.REPAIR,
        "machines",
        ("validate words/1", "check milestone 1 now"),
        ("validate words/1 --report-only", "without recording the result"),
    ),
    "takeover": _entry(
        Group.REPAIR, "merging", ("takeover words", "run it here; the other machine has stopped responding")
    ),
}
_FILES: Mapping[str, Entry] = {
    "import": _entry(
        Group.FILES,
        "moving",
        ("import prd.md", "make a mission from a requirements document"),
        ("import plan.yaml --max-usd 20", "or from a plan file"),
        ("import missions.json --from polpo", "or from another tool's file"),
    ),
    "export": _entry(
        Group.FILES,
        "moving",
        ("export words > polpo.json", "write Polpo's format"),
        ("export words --as playbook > playbooks/words.yaml", "write a playbook that makes the same mission"),
    ),
    "attach": _entry(
        Group.FILES,
        "moving",
        ("attach words", "move a mission without a repository into this one"),
        ("attach words --create-repo ~/words", "make a repository for it"),
        ("attach words --create-repo ~/words --forge-repo ada/words --private", "also on the forge"),
    ),
    "agents": _entry(
        Group.STEER,
        "self-organization",
        ("agents list words", "agents and scripts that the mission drafted, and what they changed"),
        ("agents promote words change-log --to me", "keep one for all of your missions"),
        ("agents promote words change-log --to repo", "propose one to the repository, on a branch"),
        ("agents discard words change-log", "remove one; git keeps its history"),
    ),
    "playbooks": _entry(
        Group.FILES,
        "playbooks",
        ("playbooks list", "plans with parameters, from which `mission new --playbook` makes missions"),
        ("playbooks show web-service", "what one needs, and its plan"),
        ("playbooks check playbooks/ours.yaml", "report what is wrong with a file"),
    ),
    "skills": _entry(
        Group.FILES,
        "self-organization",
        ("skills list", "what missions learned, which later ones get as advice"),
        ("skills list --all", "also in your other repositories"),
        ("skills show NAME", "its evidence, and the attempts that had it"),
        ("skills forget NAME", "never use or learn it again"),
        ("skills export --output build/skills", "write them as folders that coding agents read"),
    ),
    "lint": _entry(
        Group.FILES,
        "format",
        ("lint", "check the mission files of this repository"),
        ("lint words --fix", "fix what has only one solution"),
        ("lint missions/", "check the files in a folder"),
        ("lint plan.yaml", "check a plan before it becomes a mission"),
    ),
    "fmt": _entry(
        Group.FILES,
        "format",
        ("fmt", "align the tables of the mission files on disk"),
        ("fmt --check", "change nothing; exit 1 if something would change"),
    ),
}
_SETUP: Mapping[str, Entry] = {
    "doctor": _entry(
        Group.SETUP,
        "coding-agents",
        ("doctor", "check git, agents, models, disk space and schedule"),
        ("doctor --offline", "call no model and no remote"),
    ),
    "cron": _entry(
        Group.SETUP,
        "cli",
        ("cron install", "start a pulse every minute"),
        ("cron status", "show what starts pulses"),
        ("cron remove", "stop starting pulses"),
    ),
    "commands": _entry(
        Group.SETUP,
        "coding-agents",
        ("commands install", "add `/mission` to all agents that you have"),
        ("commands install --project", "for all users of this repository"),
    ),
    "serve": _entry(
        Group.SETUP,
        "http",
        ("serve", "serve the web page, links to decide, webhooks and the API of this repository"),
        ("serve --all --read-only", "those of all repositories, to look at only"),
        ("serve --open", "also open the page in your browser"),
        ("serve --lan ada", "for a phone in your network: a QR code signs it in as Ada, once"),
    ),
    "access": _entry(
        Group.SETUP,
        "http",
        ("access add ada --scope missions.read --scope approve", "a token for Ada, who may look and decide"),
        ("access list", "who has a token"),
        ("access remove ada --yes", "take it away"),
        ("access webhook words webhook:build", "how the build server reports what `words` waits for"),
    ),
    "hosts": _entry(
        Group.SETUP,
        "hosts",
        ("hosts add big-box me@big-box --workers 3 --label gpu", "run up to three attempts on a machine with ssh"),
        ("hosts list", "what runs where, and which hosts can be reached"),
        ("hosts test big-box", "check everything that attempts need there"),
        ("hosts drain big-box", "start nothing new there; what runs continues"),
        ("hosts drain big-box --undo", "use it again"),
        ("hosts clean big-box --dry-run", "list the files of mission there; without --dry-run, remove them"),
        ("hosts remove big-box --yes", "remove it from your settings"),
    ),
    "mcp": _entry(
        Group.SETUP,
        "agent-tools",
        ("mcp", "what an agent starts; `mission commands install` registers it"),
        ("mcp --repo ~/code/words", "for an agent that starts it in another folder"),
        ("mcp --tools", "list the tools"),
    ),
    "gc": _entry(
        Group.SETUP,
        "machines",
        ("gc --dry-run", "show what would be removed"),
        ("gc", "remove clones, logs and branches of finished missions"),
    ),
    "completion": _entry(
        Group.SETUP,
        "cli",
        ("completion bash > ~/.local/share/bash-completion/completions/mission", "install completion for bash"),
        ('completion zsh > "${fpath[1]}/_mission"', "install completion for zsh"),
        ("completion fish > ~/.config/fish/completions/mission.fish", "install completion for fish"),
    ),
}
_PLUMBING: Mapping[str, Entry] = {
    "pulse": _entry(
        Group.PLUMBING,
        "architecture",
        ("pulse", "one pass over all missions of this repository"),
        ("pulse --dry-run", "print the decisions and their reasons; change nothing"),
        ("pulse --all", "all repositories; this is what cron runs"),
    ),
    "merge-driver": _entry(
        Group.PLUMBING, "merging", ("merge-driver install", "let git merge mission files field by field")
    ),
    "schema": _entry(
        Group.PLUMBING,
        "cli",
        ("schema settings", "the schema of `.mission.toml`, for editors"),
        ("schema settings --example", "a `.mission.toml` with every setting as a comment"),
        ("schema status", "that of `mission status --json`"),
    ),
    "help": _entry(
        Group.PLUMBING,
        "cli",
        ("help logs", "the help of `mission logs`"),
        ("help settings", "the page of the manual about settings"),
    ),
    "version": _entry(Group.PLUMBING, "cli", ("version", "the installed version")),
}

COMMANDS: Mapping[str, Entry] = {
    **_START,
    **_WATCH,
    **_DECIDE,
    **_STEER,
    **_REPAIR,
    **_FILES,
    **_SETUP,
    **_PLUMBING,
}
"""By name; those of a group of commands, such as `cron install`, are described by the group's entry."""

TOPICS: Mapping[str, str] = {
    "first-mission": "a tutorial: your first mission, step by step",
    "cli": "exit codes, JSON output, plan files, schedule",
    "commands": "every command with its arguments and options",
    "settings": "every setting with its range and default",
    "format": "the mission file: sections, columns, criteria",
    "coding-agents": "how coding agents and other programs are run, and what they cost",
    "agent-tools": "tools by which the agent that you talk to plans and supervises missions",
    "hosts": "running attempts on other machines and clusters: setup, placement, trust, what happens when one is away",
    "machines": "states, retries, judging, limits",
    "screen": "all missions on one screen, with a key for each command",
    "http": "the server: links to decide, webhooks, users",
    "web": "the web page of the server: signing in, views, actions, safety",
    "phases": "phases with gates that people decide",
    "interview": "what `mission new` asks, in which depth, and answers from a file",
    "playbooks": "plans with parameters: using the shipped ones, writing your own",
    "resources": "keys, domains, servers: references to values, features that wait, how workers get them",
    "previews": "opening finished work before it lands: servers, deployments, states",
    "accounts": "signing up for accounts: plans, mails, what a person does",
    "deployment": "deploying to targets: health checks, approvals, rollbacks, states",
    "self-organization": "what missions learn, judge and make for themselves",
    "payments": "who approves purchases, how they are paid, limits, refunds, and the switch that stops them",
    "mails": "what is sent and read, approvals, replies, questions by mail",
    "pull-requests": "how work reaches a protected branch: rules, reviews, tokens, trouble",
    "forecast": "what missions cost, forecasts and how good they are",
    "dashboards": "missions as one page, and files for your forge to show",
    "merging": "how changes from two sides are merged",
    "moving": "from and to other tools' files",
    "architecture": "how the program works",
    "glossary": "the terms",
}
"""The pages that `mission help TOPIC` prints."""


def panel_of(name: str) -> str:
    """Return the group of a command in the help."""
    return COMMANDS[name].group if name in COMMANDS else Group.OTHER


def entry_of(words: str) -> Entry | None:
    """Return the entry of a command, or of the group that it belongs to: `cron install` is described by `cron`."""
    return COMMANDS.get(words) or COMMANDS.get(words.partition(" ")[0])


def examples_of(words: str) -> tuple[tuple[str, str], ...]:
    """Return the examples of a command; of a command in a group only its own."""
    entry = entry_of(words)
    if entry is None:
        return ()
    return tuple((line, what) for line, what in entry.examples if f"{line} ".startswith(f"{words} "))
