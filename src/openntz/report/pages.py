"""The review as files of HTML: an index, a page per person, the shared assets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from msgspec import Struct
from msgspec.structs import replace

from openntz.evidence.conflicts import Conflict, conflicts_by_rule
from openntz.kept import folder
from openntz.monitor.changes import Kind
from openntz.monitor.finding import Status
from openntz.monitor.in_words import Words
from openntz.report import words
from openntz.report.changes_view import CHANGES_SHOWN, ChangesView, changes_view
from openntz.report.conflicts_page import PAGE, conflicts_page
from openntz.report.finding_view import Cited, FindingView, Threshold, cited, finding_views
from openntz.report.guides import Guides
from openntz.report.headline import Headline, headline
from openntz.report.next_dose_view import NextDoseView, next_dose
from openntz.report.numbers_view import Numbers, numbers
from openntz.report.paths import page_names
from openntz.report.person import PersonReview
from openntz.report.picture import picture
from openntz.report.record_tables import RecordTable, record_tables
from openntz.report.review import Entries, ProblemLike, Review
from openntz.report.rules import RuleName, rule_names
from openntz.report.svg import draw
from openntz.report.svg_frame import NARROW, WIDE
from openntz.report.svg_marks import escape as escape_text
from openntz.report.svg_marks import printable
from openntz.report.worklist import Row, RuleRow, by_rule, ordered, row, worst

ASSETS: Final = ("openntz.css", "openntz.js")
# More problems than this are left to the CSV files, so that the index stays quick to open.
PROBLEMS_SHOWN: Final = 200
# At the head of a person's page so many notes on their entries stand in full.
NOTES_SHOWN: Final = 2

# What is not known is always said, but must not drown what has to be done.
UNKNOWN_SHOWN: Final = 6

# On a phone some five months fit with every dose still apart.
NARROW_DAYS_BEFORE: Final = 150

_DATE: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")

STATUS_HEADINGS: Final[Mapping[Status, str]] = {
    Status.ACT: "Act now",
    Status.DUE: "Due",
    Status.WATCH: "Watch",
    Status.UNKNOWN: "Not known",
    Status.OK: "Nothing to do",
}


KIND_HEADINGS: Final[Mapping[Kind, str]] = {
    "new": "New",
    "changed": "Changed",
    "gone": "Gone",
    "moved": "Moved to another date",
}


class Neighbour(Struct, frozen=True):
    """Another person's page, as a link."""

    id: str
    href: str


class IndexPage(Struct, frozen=True, kw_only=True):
    """What the index template shows.

    ``people_by_status`` counts each person once, by the most urgent finding; ``people_with_any``
    in every status of which the person has a finding. ``set_apart`` counts the findings that
    somebody has taken on; ``changes`` is None where nothing was compared.
    """

    review: Review
    rows: tuple[Row, ...]
    people_by_status: Mapping[Status, int]
    people_with_any: Mapping[Status, int]
    findings_by_status: Mapping[Status, int]
    rules: tuple[RuleRow, ...]
    set_apart: Mapping[Status, int]
    changes: ChangesView | None


class PersonPage(Struct, frozen=True, kw_only=True):
    """What the template of a person's page shows."""

    review: Review
    person: PersonReview
    who: str
    headline: Headline
    pictures: tuple[tuple[str, Markup], ...]
    findings: Mapping[Status, Sequence[FindingView]]
    set_apart: Sequence[FindingView]
    conflicts: Mapping[str, tuple[Conflict, ...]]
    next_dose: NextDoseView | None
    numbers: Numbers
    entries: Entries
    records: tuple[RecordTable, ...]
    sources: tuple[Cited, ...]
    place: int
    of: int
    before: Neighbour | None
    after: Neighbour | None


# Most sentences below the findings are said to many people. Markup is not text of the same letters.
@lru_cache(maxsize=4096, typed=True)
def prose(text: str) -> Markup:
    """Escaped text with units as printed here, whose ISO dates are not broken over two lines."""
    plain = str(escape(printable(words.prose(text))))
    return Markup(_DATE.sub(r'<span class="day">\g<0></span>', plain))


def cells(texts: tuple[str, ...]) -> Markup:
    """The cells of one row; a page has thousands, too many for the template's own loop."""
    return Markup("".join([f"<td>{escape_text(text)}</td>" for text in texts]))


# The same few limits and sources stand below the findings of everybody.
@lru_cache(maxsize=1024)
def _limit(threshold: Threshold) -> Markup:
    return _macros().limit(threshold)


@lru_cache(maxsize=1024)
def _decides(
    question: str,
    rule: str,
    said: Words,
    status: Status,
    limits: tuple[Threshold, ...],
    profile: str,
) -> Markup:
    return _macros().what_decides(question, rule, said, status, limits, profile)


def what_decides(finding: FindingView) -> Markup:
    """The rule in words and the limits it used."""
    f = finding
    return _decides(f.question or f.title, f.rule, f.words, f.status, f.thresholds, f.profile)


@lru_cache(maxsize=128)
def _disputed(conflicts: tuple[Conflict, ...], root: str) -> Markup:
    return _macros().disputed(conflicts, root)


@lru_cache(maxsize=512)
def _sources(cited: tuple[Cited, ...]) -> Markup:
    return _macros().sources(cited)


def _problems(found: Sequence[ProblemLike]) -> Markup:
    return _macros().problems(found)


@cache
def _chip(status: Status) -> Markup:
    return _macros().chip(status)


@lru_cache(maxsize=1024)
def _due(date: str, as_of: str) -> Markup:
    return _macros().due(date, as_of)


def _macros() -> Any:
    return _environment().get_template("macros.html").module


def _printable(value: Any) -> Any:
    return printable(value) if type(value) is str else value


@lru_cache(maxsize=1)
def _environment() -> Environment:
    place = folder(Path(__file__).parent / "templates")
    environment = Environment(
        bytecode_cache=None if place is None else FileSystemBytecodeCache(str(place)),
        loader=PackageLoader("openntz.report", "templates"),
        autoescape=True,
        finalize=_printable,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["statuses"] = tuple(Status)
    environment.globals["headings"] = STATUS_HEADINGS
    environment.globals["meanings"] = words.STATUS_MEANING
    environment.globals["problems_shown"] = PROBLEMS_SHOWN
    environment.globals["notes_shown"] = NOTES_SHOWN
    environment.globals["changes_shown"] = CHANGES_SHOWN
    environment.globals["kinds"] = KIND_HEADINGS
    environment.globals["unknown_shown"] = UNKNOWN_SHOWN
    environment.filters["count"] = words.count
    environment.filters["within_sentence"] = words.within_sentence
    environment.filters["prose"] = prose
    environment.filters["cells"] = cells
    environment.filters["limit"] = _limit
    environment.filters["chip"] = _chip
    environment.filters["due"] = _due
    environment.filters["what_decides"] = what_decides
    environment.filters["disputed"] = _disputed
    environment.filters["sources"] = _sources
    environment.filters["problems"] = _problems
    return environment


def render_page(template: str, page: Any, **values: Any) -> str:
    """A page from its template."""
    return _environment().get_template(template).render(page=page, **values)


def _index(
    review: Review,
    people: Sequence[PersonReview],
    names: Mapping[str, RuleName],
    hrefs: Mapping[str, str],
) -> IndexPage:
    return IndexPage(
        review=review,
        rows=tuple(row(p, hrefs[p.id], names) for p in people),
        people_by_status={s: sum(worst(p.findings) is s for p in people) for s in Status},
        people_with_any={s: sum(bool(p.with_status(s)) for p in people) for s in Status},
        findings_by_status={
            s: sum(f.status is s for p in people for f in p.findings) for s in Status
        },
        rules=by_rule(people, names, hrefs),
        set_apart={s: sum(f.status is s for p in people for f in p.set_apart) for s in Status},
        changes=None if review.changes is None else changes_view(review.changes, names, hrefs),
    )


def _pictures(person: PersonReview, guides: Guides) -> tuple[tuple[str, Markup], ...]:
    """The picture for a screen or paper, and a shorter one for a phone; the style shows one."""
    recent = replace(guides, days_before=min(guides.days_before, NARROW_DAYS_BEFORE))
    return tuple(
        (sheet.name, Markup(draw(picture(person, lines), sheet)))
        for sheet, lines in ((WIDE, guides), (NARROW, recent))
    )


def person_page(
    review: Review,
    people: Sequence[PersonReview],
    at: int,
    names: Mapping[str, RuleName],
    files: Mapping[str, str],
    conflicts: Mapping[str, tuple[Conflict, ...]],
    entries: Entries,
) -> PersonPage:
    """The page of ``people[at]``, its neighbours being those before and after in the worklist."""
    person = people[at]
    used = dict.fromkeys(source for f in person.findings for source in f.sources)

    def neighbour(i: int) -> Neighbour | None:
        return Neighbour(people[i].id, files[people[i].id]) if 0 <= i < len(people) else None

    findings = finding_views(person, review, names)
    return PersonPage(
        review=review,
        person=person,
        who=words.age_and_sex(person.course.person, person.as_of),
        headline=headline(person, review.guides),
        pictures=_pictures(person, review.guides),
        findings=findings.by_status,
        set_apart=findings.set_apart,
        conflicts=conflicts,
        next_dose=next_dose(person),
        numbers=numbers(person, review.pareto_k_limit),
        entries=entries,
        records=record_tables(person.course, person.as_of),
        sources=cited(review.registry, tuple(sorted(used))),
        place=at + 1,
        of=len(people),
        before=neighbour(at - 1),
        after=neighbour(at + 1),
    )


class Pages(Struct, frozen=True, kw_only=True):
    """Everything to be written for a review, each file by itself and in any order.

    ``people`` are in the order of the worklist; paths are relative to the output folder.
    Equal reviews give equal text: no clock is read.
    """

    review: Review
    people: tuple[PersonReview, ...]
    names: Mapping[str, RuleName]
    files: Mapping[str, str]
    disputed: Mapping[str, tuple[Conflict, ...]]
    entries: Mapping[str, Entries]

    @classmethod
    def of(cls, review: Review) -> Pages:
        """The pages of a finished review."""
        people = tuple(ordered(review.people))
        return cls(
            review=review,
            people=people,
            names=rule_names(f for p in people for f in p.findings),
            files=page_names(p.id for p in review.people),
            disputed=conflicts_by_rule(review.registry),
            entries=review.entries(),
        )

    def path(self, person: PersonReview) -> str:
        """Where a person's page goes."""
        return f"people/{self.files[person.id]}"

    def assets(self) -> Iterator[tuple[str, str]]:
        """Path and text of the style and the script that all pages share."""
        static = resources.files("openntz.report") / "static"
        for asset in ASSETS:
            yield f"assets/{asset}", (static / asset).read_text(encoding="utf-8")

    def person(self, at: int) -> tuple[str, str]:
        """Path and text of the page of ``people[at]``."""
        person = self.people[at]
        entries = self.entries.get(person.id, Entries())
        page = person_page(
            self.review, self.people, at, self.names, self.files, self.disputed, entries
        )
        return self.path(person), render_page("person.html", page, root="../")

    def conflicts(self) -> tuple[str, str]:
        """Path and text of the page on where sources disagree."""
        return PAGE, render_page(PAGE, conflicts_page(self.review, self.names), root="")

    def index(self) -> tuple[str, str]:
        """Path and text of the worklist.

        To be written last, so that a run that is cut short leaves none that points at missing
        pages.
        """
        hrefs = {p.id: self.path(p) for p in self.people}
        page = _index(self.review, self.people, self.names, hrefs)
        return "index.html", render_page("index.html", page, root="")


def render(review: Review) -> Iterator[tuple[str, str]]:
    """Every page and asset as (path, text), one at a time, the index last."""
    pages = Pages.of(review)
    yield from pages.assets()
    yield from map(pages.person, range(len(pages.people)))
    yield pages.conflicts()
    yield pages.index()
