"""The worklist: one row per person, most urgent first, and the same by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct

from openntz.definitions.therapy import TherapyState
from openntz.monitor.finding import Finding, Status
from openntz.monitor.rules.catalogue import gravity
from openntz.report import words
from openntz.report.later import acknowledged
from openntz.report.person import DIED, PersonReview
from openntz.report.rules import RuleName

_FAR = date.max.isoformat()


class Item(Struct, frozen=True):
    """One finding in a row: the rule's title, what it says, when it is due, who has taken it on."""

    status: Status
    rule: str
    title: str
    text: str
    due: str
    taken: str = ""


class LevelCell(Struct, frozen=True):
    """A level with its interval, or why there is none; ``sort`` orders the column."""

    value: str
    interval: str
    missing: str
    sort: float


class Row(Struct, frozen=True):
    """One person in the worklist.

    ``codes`` lists ``status:rule`` of everything that is not ok, for the page's filter.
    """

    id: str
    href: str
    who: str
    age: int
    status: Status
    standing: tuple[str, ...]
    late: bool
    next_dose: str
    now: LevelCell
    planned: LevelCell
    act: tuple[Item, ...]
    due: tuple[Item, ...]
    watch: tuple[Item, ...]
    unknown: tuple[Item, ...]
    set_apart: tuple[Item, ...]
    due_date: str
    overdue: bool
    codes: str


def worst(findings: Sequence[Finding]) -> Status:
    """The most urgent status of what nobody has taken on; nobody without findings is called ok.

    Where all that is open has been taken on, the rest decides.
    """
    pending = (f.status for f in findings if not f.set_apart)
    return min(pending, key=lambda s: s.urgency, default=Status.UNKNOWN)


def first_due(person: PersonReview) -> date | None:
    """The earliest due date of what has to be done or watched."""
    open_ = (Status.ACT, Status.DUE, Status.WATCH)
    pending = (f for status in open_ for f in person.pending(status))
    return min((f.due for f in pending if f.due), default=None)


def urgency(person: PersonReview) -> tuple[int, int, int, int, str, str]:
    """Sort key: most urgent status, its gravest rule, how much, earliest date, identifier."""
    due = first_due(person)
    status = worst(person.findings)
    return (
        status.urgency,
        min((gravity(f.rule) for f in person.pending(status)), default=0),
        -len(person.pending(Status.ACT)),
        -len(person.pending(Status.DUE)),
        due.isoformat() if due else _FAR,
        person.id,
    )


def gravest_first(person: PersonReview) -> list[Finding]:
    """A person's findings, most urgent first and the gravest rule first among equals."""
    return sorted(person.findings, key=lambda f: (f.status.urgency, gravity(f.rule)))


def ordered(people: Sequence[PersonReview]) -> list[PersonReview]:
    """People in the order of the worklist."""
    return sorted(people, key=urgency)


def standing(person: PersonReview) -> tuple[str, ...]:
    """Where the person stands in therapy, in two short lines."""
    t = person.therapy
    if t.last_dose is None or t.days_since_last is None:
        return ("no dose recorded" if person.course.has("doses") else "doses not known",)
    given = f"dose {len(t.doses)} on {t.last_dose.day.isoformat()}"
    if t.state is TherapyState.STOPPED:
        why = f": {t.stop_reason}" if t.stop_reason else ""
        return (given, f"stopped {words.day(t.stopped_on)}{why}")
    if not t.state.on_therapy or t.planned is None:
        return (given, f"{t.state}, {words.ago(t.days_since_last)}")
    wait = (t.planned - t.as_of).days
    if wait < 0:
        return (given, f"next was due {t.planned.isoformat()}", f"{words.days(-wait)} late")
    return (given, f"next {t.planned.isoformat()}, {words.ahead(wait)}")


def _level(person: PersonReview, planned: bool) -> LevelCell:
    if person.death:
        return LevelCell("", "", "" if planned else DIED, -1.0)
    f = person.forecast
    pair = f.planned if planned else f.now
    if f.computed and pair is not None:
        q = pair[0]
        population = "population" if f.status == "prior only" else ""
        return LevelCell(words.level(q.median), words.level_interval(q), population, q.median)
    if not f.computed:
        return LevelCell("", "", "not computed" if not planned else "", -1.0)
    return LevelCell("", "", "no dose planned", -1.0)


def _items(person: PersonReview, status: Status, names: Mapping[str, RuleName]) -> tuple[Item, ...]:
    return tuple(
        Item(
            status,
            f.rule,
            names[f.rule].title,
            words.first_sentence(f.message),
            f.due.isoformat() if f.due else "",
            acknowledged(f) or f.lapsed,
        )
        for f in gravest_first(person)
        if f.status is status and not f.set_apart
    )


def row(person: PersonReview, href: str, names: Mapping[str, RuleName]) -> Row:
    """One person's row."""
    due = first_due(person)
    birth = person.course.person.birth_date
    t = person.therapy
    return Row(
        id=person.id,
        href=href,
        who=words.age_and_sex(person.course.person, person.as_of),
        age=(person.as_of - birth).days if birth else -1,
        status=worst(person.findings),
        standing=standing(person),
        late=t.state is TherapyState.LATE,
        next_dose=t.planned.isoformat() if t.planned else _FAR,
        now=_level(person, planned=False),
        planned=_level(person, planned=True),
        act=_items(person, Status.ACT, names),
        due=_items(person, Status.DUE, names),
        watch=_items(person, Status.WATCH, names),
        unknown=_items(person, Status.UNKNOWN, names),
        set_apart=tuple(
            Item(f.status, f.rule, names[f.rule].title, "", "", acknowledged(f))
            for f in person.set_apart
        ),
        due_date=due.isoformat() if due else "",
        overdue=due is not None and due < person.as_of,
        codes=" ".join(
            f"{f.status}:{f.rule}"
            for f in person.findings
            if f.status is not Status.OK and not f.set_apart
        ),
    )


class RuleRow(Struct, frozen=True):
    """One rule across everybody: how many people have each status, and who needs something."""

    rule: RuleName
    counts: Mapping[Status, int]
    people: Mapping[Status, tuple[tuple[str, str], ...]]


def by_rule(
    people: Sequence[PersonReview], names: Mapping[str, RuleName], hrefs: Mapping[str, str]
) -> tuple[RuleRow, ...]:
    """Every rule with its counts; (id, page) of the people to act on, due and to watch."""
    found: dict[str, dict[Status, list[tuple[str, str]]]] = {
        name: {status: [] for status in Status} for name in names
    }
    for person in people:
        for finding in person.findings:
            found[finding.rule][finding.status].append((person.id, hrefs[person.id]))
    named = (Status.ACT, Status.DUE, Status.WATCH)
    return tuple(
        RuleRow(
            rule=names[name],
            counts={status: len(ids) for status, ids in lists.items()},
            people={status: tuple(lists[status]) for status in named if lists[status]},
        )
        for name, lists in found.items()
    )
