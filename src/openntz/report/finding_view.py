"""Findings as the page shows them: message, rows, thresholds, sources, other profiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from openntz.course.course import EVENT_TABLES, Course
from openntz.course.events import (
    Dose,
    EdssScore,
    Event,
    Measurement,
    Plan,
    Pregnancy,
    Reaction,
    Relapse,
    Scan,
    Symptom,
    Treatment,
)
from openntz.evidence.registry import RANK_MEANING, Fact, Registry, Source, cite
from openntz.monitor.finding import Finding, Status
from openntz.monitor.in_words import Words
from openntz.report import words
from openntz.report.counts_alone import RULE, counts_alone_text
from openntz.report.later import LaterLine, acknowledged, later_lines
from openntz.report.person import PersonReview
from openntz.report.review import Review
from openntz.report.rules import RuleName

# A longer message fills a telephone's screen: there only its first sentence stands outside,
# unless somebody has to do something about it.
_LONGEST: Final = 1000
_NEVER_PARTED: Final = frozenset({Status.ACT, Status.DUE})


class Evidence(Struct, frozen=True):
    """A row of the record: ``place`` is ``table:line``, ``anchor`` its row on the page."""

    place: str
    anchor: str
    text: str


class Threshold(Struct, frozen=True):
    """A number that decided: meaning, value with unit and warning, rank in words, sources."""

    id: str
    meaning: str
    shown: str
    rank: str
    note: str
    sources: tuple[str, ...]


class Cited(Struct, frozen=True):
    """A source: its id and the line a reader can follow."""

    id: str
    text: str
    url: str


class FindingView(Struct, frozen=True):
    """One finding, ready for the page.

    ``words`` are what leads to each answer of its rule, ``later`` what time alone would change;
    ``acknowledged`` and ``lapsed`` are sentences, empty where there is none, and so is ``beside``,
    what a calculation says that the rule does not read.
    """

    rule: str
    title: str
    question: str
    status: Status
    message: str
    due: str
    profile: str
    evidence: tuple[Evidence, ...]
    thresholds: tuple[Threshold, ...]
    sources: tuple[Cited, ...]
    others: tuple[tuple[str, Status, str], ...]
    words: Words
    acknowledged: str
    set_apart: bool
    lapsed: str
    later: tuple[LaterLine, ...]
    beside: str = ""

    @property
    def lead(self) -> str:
        """What stands before the finding is opened, on a telephone too: of most the message.

        Of a long one it is the first sentence, never of what is to act on or due.
        """
        return words.sentences(self.message)[0] if self._parted else self.message

    @property
    def rest(self) -> tuple[str, ...]:
        """The sentences after the lead: outside, but on a telephone in a list inside."""
        return words.sentences(self.message)[1:] if self._parted else ()

    @property
    def _parted(self) -> bool:
        return len(self.message) > _LONGEST and self.status not in _NEVER_PARTED


def anchor(place: str) -> str:
    """The id of a record row on the page: ``doses:14`` becomes ``doses-14``."""
    return place.replace(":", "-")


def describe(event: Event) -> str:
    """One event in a few words."""
    when = words.moment(event.at, event.time_known)
    match event:
        case Dose():
            return f"{when}: {words.number(event.amount_mg)} mg {event.route}"
        case Measurement():
            return f"{when}: {event.test} {words.result(event)}"
        case Scan():
            counts = f"new T2 {_count(event.new_t2_lesions)}, Gd {_count(event.gadolinium_lesions)}"
            return f"{when}: MRI, {counts}"
        case Reaction():
            grade = "grade not recorded" if event.grade is None else f"grade {event.grade}"
            return f"{when}: {event.term}, {grade}"
        case Relapse():
            return f"{when}: relapse, {event.severity or 'severity not recorded'}"
        case EdssScore():
            return f"{when}: EDSS {event.score:.1f}"
        case Symptom():
            return f"{when}: {event.symptom}"
        case Treatment():
            end = f"to {event.end.isoformat()}" if event.end else "no end recorded"
            return f"{event.name} from {when}, {end}"
        case Pregnancy():
            return (
                f"pregnancy: conception {words.day(event.conception)}, due {words.day(event.due)}"
            )
        case Plan():
            if event.stopped is not None:
                return f"{when}: stopped {event.stopped.isoformat()}"
            if event.planned_interval_days is not None:
                return f"{when}: planned every {words.days(event.planned_interval_days)}"
            if event.consent is not None:
                return f"{when}: consent on {event.consent.isoformat()}"
            if event.authorised is not None:
                return f"{when}: authorised on {event.authorised.isoformat()}"
            return f"{when}: plan"
        case _:
            return when


def _count(n: int | None) -> str:
    return "not reported" if n is None else str(n)


def rows_of(course: Course) -> dict[str, str]:
    """What stands in each row of the record, by ``table:line``."""
    found = {
        str(event.ref): describe(event) for name in EVENT_TABLES for event in getattr(course, name)
    }
    if course.person.ref is not None:
        born = words.day(course.person.birth_date)
        told = [f"born {born}", f"sex {course.person.sex or 'not recorded'}"]
        told += [t for t in (course.person.diagnosis, course.person.conditions) if t]
        found[str(course.person.ref)] = ", ".join(told)
    return found


# Everybody's findings rest on the same few sources and facts.
@lru_cache(maxsize=512)
def _shown(source: Source) -> Cited:
    safe = source.url if source.url.startswith(("https://", "http://")) else ""
    return Cited(source.id, cite(source), safe)


def cited(registry: Registry, names: tuple[str, ...]) -> tuple[Cited, ...]:
    """Sources by id; one the registry does not know is shown by its id alone."""
    known = registry.sources
    return tuple(_shown(known[n]) if n in known else Cited(n, n, "") for n in names)


def _origin(fact: Fact) -> str:
    """How well a number is known; a site's decision comes first."""
    if fact.site is None:
        return RANK_MEANING[fact.rank]
    by = f"{fact.site.who}, {fact.site.when.isoformat()}"
    if fact.site.replaces is not None:
        return f"decided by this site ({by}); the registry has {fact.site.replaces}"
    return f"confirmed by this site ({by}); {RANK_MEANING[fact.rank]}"


@lru_cache(maxsize=1024)
def threshold(fact: Fact) -> Threshold:
    """A fact for a reader."""
    return Threshold(
        fact.id,
        words.prose(fact.meaning),
        words.fact(fact),
        _origin(fact),
        words.prose(fact.note),
        fact.sources,
    )


class Findings(Struct, frozen=True):
    """A person's findings by status, and those somebody has taken on."""

    by_status: Mapping[Status, Sequence[FindingView]]
    set_apart: Sequence[FindingView]


def finding_view(
    finding: Finding,
    rows: Mapping[str, str],
    names: Mapping[str, RuleName],
    registry: Registry,
    rules: Mapping[str, Words],
) -> FindingView:
    """One finding with everything it rests on."""
    name = names[finding.rule]
    known = [registry.facts[f] for f in finding.facts if f in registry.facts]
    return FindingView(
        rule=finding.rule,
        title=name.title,
        question=name.question,
        status=finding.status,
        message=finding.message,
        due=finding.due.isoformat() if finding.due else "",
        profile=finding.profile,
        evidence=tuple(
            Evidence(place, anchor(place) if place in rows else "", rows.get(place, ""))
            for place in finding.evidence
        ),
        thresholds=tuple(threshold(f) for f in known),
        sources=cited(registry, finding.sources),
        others=finding.others,
        words=rules.get(finding.rule, ()),
        acknowledged=acknowledged(finding),
        set_apart=finding.set_apart,
        lapsed=finding.lapsed,
        later=later_lines(finding),
    )


def finding_views(person: PersonReview, review: Review, names: Mapping[str, RuleName]) -> Findings:
    """All findings of a person, most urgent first; within a status in catalogue order."""
    rows = rows_of(person.course)

    def views(findings: Iterable[Finding]) -> list[FindingView]:
        return [finding_view(f, rows, names, review.registry, review.rules) for f in findings]

    beside = counts_alone_text(person.counts_alone, review.registry)

    def annotated(found: list[FindingView]) -> list[FindingView]:
        return [replace(v, beside=beside) if v.rule == RULE else v for v in found]

    shown = {status: annotated(views(person.pending(status))) for status in Status}
    return Findings(shown, annotated(views(person.set_apart)))
