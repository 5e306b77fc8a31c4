"""What people and checks say of a pull request that a worker has to act on, and the answers to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import counted, one_line
from mission_cli.domain.forge.facts import CheckOutcome, ReviewState
from mission_cli.domain.forge.gate import asked, gating, is_request, opinions, unanswered
from mission_cli.domain.forge.rows import Handled, key_of
from mission_cli.planner.core.effects import ReplyPull

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.forge.facts import Check, Comment, PullFacts, Review, Rules, Thread
    from mission_cli.planner.pulls.subject import Subject

_LONGEST_NAME = 120
_LONGEST_SAID = 600


@dataclass(frozen=True, slots=True)
class News:
    """What a worker has to act on."""

    checks: tuple[Check, ...] = ()
    threads: tuple[Thread, ...] = ()
    reviews: tuple[Review, ...] = ()
    conflicts: tuple[str, ...] = ()

    @property
    def opinions(self) -> bool:
        """Whether people said something."""
        return bool(self.threads or self.reviews)

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.checks or self.opinions or self.conflicts)

    @property
    def words(self) -> str:
        """All of it in one line."""
        said = [f"{counted(len(self.conflicts), 'file')} in conflict with the base"] if self.conflicts else []
        said += [f"check `{one_line(check.name, _LONGEST_NAME)}` failed" for check in self.checks[:3]]
        said += [f"{counted(len(self.threads), 'open thread')}"] if self.threads else []
        said += [f"{one_line(r.author.login, _LONGEST_NAME)} requested changes" for r in self.reviews[:3]]
        return ", ".join(said)


def news_of(subject: Subject, rules: Rules) -> News:
    """Return what was not given to a worker yet."""
    facts, row = subject.facts, subject.row
    update = subject.look.update
    conflicts = update.conflicts if update is not None and update.commit is None else ()
    return News(
        tuple(c for c in failures(facts, rules) if not row.has(Handled.CHECK, check_key(c, facts))),
        tuple(t for t in requests(facts) if not row.has(Handled.THREAD, thread_key(t))),
        tuple(r for r in refusals(facts) if not row.has(Handled.THREAD, key_of("review", r.id))),
        conflicts if not row.has(Handled.CONFLICT, _base_of(subject)) else (),
    )


def failures(facts: PullFacts, rules: Rules) -> tuple[Check, ...]:
    """Return the checks that count and failed because of the work."""
    return tuple(c for c in gating(facts, rules) if c.outcome is CheckOutcome.FAILED)


def requests(facts: PullFacts) -> tuple[Thread, ...]:
    """Return the open threads in which a person who may write asks for something that has no answer of ours."""
    return tuple(thread for thread in facts.threads if not thread.resolved and asked(thread) is not None)


def remarks(facts: PullFacts) -> tuple[Comment, ...]:
    """Return the new comments in open threads by bots and by people without write access, which ask for nothing."""
    opened = [thread for thread in facts.threads if not thread.resolved]
    return tuple(comment for thread in opened for comment in unanswered(thread) if not is_request(comment))


def refusals(facts: PullFacts) -> tuple[Review, ...]:
    """Return the reviews that request changes and say why."""
    return tuple(r for r in opinions(facts) if r.state is ReviewState.CHANGES_REQUESTED and r.text.strip())


def handed(subject: Subject, news: News) -> tuple[tuple[Handled, str], ...]:
    """Return what is handled once news is given to a worker, as entries of the row."""
    facts = subject.facts
    found = [(Handled.CHECK, check_key(check, facts)) for check in news.checks]
    found += [(Handled.THREAD, thread_key(thread)) for thread in news.threads]
    found += [(Handled.THREAD, key_of("review", review.id)) for review in news.reviews]
    found += [(Handled.CONFLICT, _base_of(subject))] if news.conflicts else []
    if news.opinions:
        found.append((Handled.OPINIONS, str(subject.row.count(Handled.OPINIONS) + 1)))
    return tuple(found)


def replies(subject: Subject) -> Sequence[ReplyPull]:
    """Return the answers that are due: one to each request that a worker has had, once its work is pushed."""
    row, found = subject.row, []
    for thread in requests(subject.facts):
        key = thread_key(thread)
        if row.has(Handled.THREAD, key):
            text = _answer(subject)
            why = f"answer a comment of {row.name} in {one_line(thread.path, _LONGEST_NAME) or 'the conversation'}"
            found.append(ReplyPull(row.subject, row.number, thread.id, key_of(key, row.head), text, why))
    return found


def check_key(check: Check, facts: PullFacts) -> str:
    """Return the key of a check on the head."""
    return key_of("check", check.name, facts.pull.head)


def thread_key(thread: Thread) -> str:
    """Return the key of the last request in a thread."""
    last = asked(thread)
    return key_of("thread", thread.id, last.id if last is not None else "")


def _base_of(subject: Subject) -> str:
    return (subject.draft.observation.base or "")[:12]


def _answer(subject: Subject) -> str:
    """Return what was done, and what the worker said at its end, quoted."""
    feature = subject.feature
    records = [r for r in subject.draft.records_of(feature.number) if not r.open] if feature is not None else []
    last = records[-1] if records else None
    unchanged = last is not None and last.base == subject.row.head
    done = "Nothing was changed." if unchanged else f"Worked on in {subject.row.head[:12]}."
    words = one_line(" ".join(last.output[-3:]), _LONGEST_SAID) if last is not None else ""
    return f"{done}\n\n> {words}" if words else done
