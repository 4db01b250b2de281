"""The main job: a folder of tables becomes a worklist and a page per person."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from openntz import __version__
from openntz.compute.executors import map_in_order
from openntz.course.course import TABLES, Course
from openntz.errors import InputError
from openntz.monitor.acknowledge import acknowledge
from openntz.monitor.changes import compare
from openntz.monitor.in_words import rules_in_words
from openntz.monitor.rules.catalogue import RULES
from openntz.records.acknowledged import AcknowledgedFile, read_acknowledged
from openntz.records.problems import Records
from openntz.records.write import write_csv, write_text_atomic
from openntz.report import words
from openntz.report.changes_export import changes_json
from openntz.report.exports import (
    FORECAST_HEADER,
    PROBLEM_HEADER,
    findings_json,
    forecast_rows,
    problem_rows,
    said,
)
from openntz.report.guides import Guides
from openntz.report.pages import Pages
from openntz.report.person import PersonReview
from openntz.report.review import Review, TableCount, TableState
from openntz.workflows.earlier import read_earlier
from openntz.workflows.folder import make_folder
from openntz.workflows.person import DEFAULT_CARD, PersonResult, Practice, review_person
from openntz.workflows.progress import Progress
from openntz.workflows.read import read_tables, registry_for
from openntz.workflows.shared_work import shared_work

_GENERATOR: Final = '<meta name="generator" content="OpenNTZ'
_HEAD: Final = 2000  # characters of a page in which its head stands


class ReviewRequest(Struct, frozen=True, kw_only=True):
    """What to review and where to write it.

    ``compare`` is an earlier findings.json, ``acknowledged`` the clinic's list of findings that
    somebody has taken on. People are judged on the dask cluster at ``scheduler`` where there is
    one, by own ``workers`` otherwise; the pages are always written by own workers.
    """

    folder: Path
    out: Path
    as_of: date
    profile: str
    site: Path | None
    mapping: Path | None
    seed: int
    workers: int
    scheduler: str | None = None
    compare: Path | None = None
    acknowledged: Path | None = None


class ReviewOutcome(Struct, frozen=True, kw_only=True):
    """The review and the page to open first."""

    review: Review
    index: Path


def prepare_out(folder: Path, out: Path) -> None:
    """Make the output folder.

    Raises
    ------
    InputError
        When it is the folder of the tables or lies inside it, or cannot be made.
    """
    if out.resolve() == folder.resolve() or folder.resolve() in out.resolve().parents:
        raise InputError(
            f"{out} lies in the folder of the tables.",
            where="--out",
            remedy="Choose a folder outside of it.",
        )
    make_folder(out)


def _remove_stale(out: Path, written: set[str]) -> None:
    """Remove pages of people whom an earlier review knew and this one does not."""
    for page in sorted((out / "people").glob("*.html")):
        if f"people/{page.name}" in written:
            continue
        if _GENERATOR in page.read_text(encoding="utf-8", errors="replace")[:_HEAD]:
            page.unlink()


def _state(name: str, records: Records) -> TableState:
    if name in records.unreadable:
        return "could not be read"
    if name in records.broken_off:
        return "read only in part"
    return "not in the export" if name in records.missing else "read"


def _counts(records: Records) -> tuple[TableCount, ...]:
    return tuple(
        TableCount(
            name=name,
            state=_state(name, records),
            rows=table.read,
            used=table.used,
            set_aside=table.rejected + table.duplicate,
            unknown_columns=table.unknown_columns,
        )
        if (table := records.tables.get(name)) is not None
        else TableCount(name=name, state=_state(name, records))
        for name in TABLES
    )


def _site_note(request: ReviewRequest, practice: Practice) -> str:
    if request.site is None:
        return ""
    decided = sorted(
        f"{f.id} = {f.shown}" for f in practice.registry.facts.values() if f.site is not None
    )
    number = "1 number" if len(decided) == 1 else f"{len(decided)} numbers"
    note = f"Site file {request.site.name} decides {number}: {'; '.join(decided)}."
    chosen = "; ".join(
        f"{key} = {c.value} ({c.who}, {c.when})" for key, c in practice.registry.choices.items()
    )
    return f"{note} It chooses {chosen}." if chosen else note


class _Asked(Struct, frozen=True):
    """A person to judge, the day, and the tables of which a row was set aside."""

    course: Course
    as_of: date
    incomplete: frozenset[str]


def _judged(practice: Practice, asked: _Asked) -> PersonResult:
    return review_person(asked.course, asked.as_of, practice, asked.incomplete)


def _reviewed(
    records: Records, request: ReviewRequest, practice: Practice, progress: Progress
) -> tuple[PersonReview, ...]:
    courses = list(records.courses.values())
    asked = [
        _Asked(c, request.as_of, records.incomplete.get(c.person.id, frozenset())) for c in courses
    ]
    with shared_work(
        _judged,
        asked,
        practice,
        card=DEFAULT_CARD,
        workers=request.workers,
        scheduler=request.scheduler,
    ) as done:
        results = list(progress.track(done, len(courses), "people"))
    return tuple(
        PersonReview(
            course=course,
            therapy=result.therapy,
            forecast=result.forecast,
            findings=result.findings,
            decision=result.decision,
            counts_alone=result.counts_alone,
        )
        for course, result in zip(courses, results, strict=True)
    )


def _with_acknowledged(
    people: tuple[PersonReview, ...], file: AcknowledgedFile, as_of: date
) -> tuple[PersonReview, ...]:
    return tuple(replace(p, findings=acknowledge(p.findings, file.entries, as_of)) for p in people)


def _write(review: Review, out: Path, workers: int, progress: Progress) -> Path:
    for folder in ("assets", "people"):
        (out / folder).mkdir(exist_ok=True)
    pages = Pages.of(review)

    def put(file: tuple[str, str]) -> str:
        name, text = file
        write_text_atomic(out / name, text)
        return name

    tables = (
        lambda: write_csv(out / "forecast.csv", FORECAST_HEADER, forecast_rows(review)),
        lambda: write_csv(out / "rejected.csv", PROBLEM_HEADER, problem_rows(review.rejected)),
        lambda: write_csv(out / "notes.csv", PROBLEM_HEADER, problem_rows(review.notes)),
        lambda: write_text_atomic(out / "findings.json", findings_json(review)),
        lambda: put(pages.conflicts()),
    )

    def one(at: int) -> tuple[str, str]:
        # The worklist alone is made here and written by the caller, after everything else.
        if at == 0:
            return pages.index()
        if at <= len(tables):
            tables[at - 1]()
            return "", ""
        return put(pages.person(at - 1 - len(tables))), ""

    for asset in pages.assets():
        put(asset)
    files = range(1 + len(tables) + len(pages.people))
    # What is already written comes back as a name alone.
    index, *rest = progress.track(map_in_order(one, files, workers=workers), len(files), "pages")
    if review.changes is None:
        # What an earlier run compared does not belong to these findings.
        (out / "changes.json").unlink(missing_ok=True)
    else:
        write_text_atomic(out / "changes.json", changes_json(review.changes))
    put(index)
    _remove_stale(out, {name for name, _ in rest})
    return out / "index.html"


def run_review(request: ReviewRequest, progress: Progress) -> ReviewOutcome:
    """Read, forecast, judge, write.

    Raises
    ------
    OpenNTZError
        When the input, the output folder, a profile, site file or mapping cannot be used.
    """
    practice = Practice.create(
        registry=registry_for(request.site), profile=request.profile, seed=request.seed
    )
    # Read before the work begins; it may also be the very file that is written at the end.
    earlier = None if request.compare is None else read_earlier(request.compare)
    records = read_tables(
        request.folder, request.as_of, request.mapping, practice.registry, progress
    )
    known = AcknowledgedFile({}, (), ())
    if request.acknowledged is not None:
        rules = [rule.id for rule in RULES]
        known = read_acknowledged(request.acknowledged, records.courses, rules, request.as_of)
    prepare_out(request.folder, request.out)
    models = practice.models
    people = _with_acknowledged(
        _reviewed(records, request, practice, progress), known, request.as_of
    )
    review = Review(
        as_of=request.as_of,
        profile=practice.profile.id,
        profile_title=practice.profile.title,
        version=__version__,
        registry=practice.registry,
        people=people,
        site_note=_site_note(request, practice),
        model=models.card.id,
        model_title=models.card.title,
        card_hash=models.card.hash,
        seed=request.seed,
        guides=Guides.from_registry(practice.registry),
        horizon_days=models.settings.horizon_days,
        pareto_k_limit=models.settings.pareto_k_limit,
        rejected=(*records.rejected, *known.rejected),
        notes=(*records.notes, *known.notes),
        tables=_counts(records),
        rules=rules_in_words(practice.profile, words.fact),
        acknowledged=len(known.entries) if request.acknowledged is not None else None,
    )
    if earlier is not None and request.compare is not None:
        now = tuple(said(review))
        changes = compare(str(request.compare), earlier, now, request.as_of)
        review = replace(review, changes=changes)
    try:
        index = _write(review, request.out, request.workers, progress)
    except OSError as error:
        raise InputError(
            f"{error.filename or request.out} cannot be written ({error.strerror}).",
            where="--out",
            remedy="Check the free space and the rights of the folder, and run again.",
        ) from None
    return ReviewOutcome(review=review, index=index)
