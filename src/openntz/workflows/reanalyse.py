"""A trial's or cohort's data become the analyses that matter, and a file others can rerun."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from msgspec import Struct
from msgspec.structs import asdict

from openntz import __version__
from openntz.errors import InputError
from openntz.evidence.registry import Registry
from openntz.reanalyse.catalogue import ANALYSES, BY_NAME
from openntz.reanalyse.disclosure import aggregates_only, checklist
from openntz.reanalyse.result import AnalysisResult
from openntz.records.problems import Problem
from openntz.records.write import write_bytes_atomic, write_csv, write_text_atomic
from openntz.report.exports import PROBLEM_HEADER, problem_rows
from openntz.report.reanalyse_page import (
    Planned,
    Published,
    ReanalysisPage,
    beside,
    reanalysis_page,
)
from openntz.report.reanalyse_pdf import reanalysis_pdf
from openntz.workflows.folder import make_folder
from openntz.workflows.gathered import (
    IN_PEOPLE,
    Taken,
    analysed,
    gathered,
    strangers_of,
    table_one_of,
)
from openntz.workflows.importing import Imported, import_any, needs_import
from openntz.workflows.progress import Progress
from openntz.workflows.protocol import Protocol, changed_numbers, deviations, with_numbers
from openntz.workflows.read import registry_for

_LISTED: Final = 10_000  # people set aside by an analysis that results.json names


class ReanalysisRequest(Struct, frozen=True, kw_only=True):
    """What to analyse and where to write it; no names mean every analysis.

    ``aggregate_only`` writes nothing of single people; ``published`` is shown beside our rows.
    """

    folder: Path
    out: Path
    as_of: date
    site: Path | None = None
    mapping: Path | None = None
    names: tuple[str, ...] = ()
    title: str = "Re-analysis"
    protocol: Protocol | None = None
    aggregate_only: bool = False
    published: tuple[Published, ...] = ()


class Reanalysis(Struct, frozen=True, kw_only=True):
    """The results with what they were made from."""

    people: int
    results: tuple[AnalysisResult, ...]
    rejected: tuple[Problem, ...]
    hashes: dict[str, str]
    page: Path
    deviations: tuple[str, ...] = ()
    beside: tuple[tuple[str, ...], ...] = ()
    aggregate_only: bool = False
    notes: tuple[str, ...] = ()


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """Names of analyses, all where none is asked for.

    Raises
    ------
    InputError
        When there is no such analysis.
    """
    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        raise InputError(
            f"no analysis {unknown[0]!r}.",
            where="--analysis",
            remedy=f"Choose from {', '.join(BY_NAME)}.",
        )
    return tuple(names) or tuple(a.name for a in ANALYSES)


def hashes_of(folder: Path) -> dict[str, str]:
    """SHA-256 of every file the data are in."""
    return {file.name: _hash_of(file) for file in sorted(folder.iterdir()) if file.is_file()}


def _hash_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _together(hashes: Mapping[str, str]) -> dict[str, str]:
    """One hash for all files: the hash of a small one confirms a guess of what it holds.

    It does not depend on names, which are not told either.
    """
    digest = hashlib.sha256("\n".join(sorted(hashes.values())).encode())
    return {f"{len(hashes)} files of data, hashes sorted": digest.hexdigest()}


def _plain(value: Any) -> Any:
    """A value as JSON has it: what is not a finite number is null."""
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain


def results_json(
    results: Sequence[AnalysisResult], about: Mapping[str, Any], *, people: bool = True
) -> str:
    """The contract's file: per analysis its rows and definitions, and why one was skipped.

    Without ``people`` nothing names one.
    """
    found = {}
    for result in results:
        found[result.name] = {
            "status": result.status,
            "text": result.text,
            "summary": [{k: _plain(v) for k, v in row.items()} for row in result.rows],
            "definitions": {k: _plain(v) for k, v in result.definitions.items()},
            "flow": [
                {"step": s.text, "people": s.people, "left": dict(s.left)} for s in result.flow
            ],
        }
        if people:
            found[result.name]["set_aside"] = len(result.set_aside)
            listed = result.set_aside[:_LISTED]
            found[result.name]["people_set_aside"] = [
                {"person": a.person, "reason": a.reason, "where": a.where} for a in listed
            ]
            if len(listed) < len(result.set_aside):
                found[result.name]["people_set_aside_beyond"] = "set-aside.csv lists all"
    found["openntz"] = {"version": __version__, **about}
    return json.dumps(found, indent=1, allow_nan=False, ensure_ascii=False)


def code_hash() -> str:
    """SHA-256 over the code that an analysis runs: analyses and shared definitions."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[1]
    for folder in ("reanalyse", "definitions"):
        for file in sorted((root / folder).rglob("*.py")):
            digest.update(file.name.encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def tables_of(
    folder: Path, out: Path, mapping: Path | None
) -> tuple[Path, Path | None, Imported | None]:
    """The folder of course tables: the data's own, or one made from SDTM, ADaM or OMOP.

    A mapping file is that of the layout found.

    Raises
    ------
    InputError
        When an earlier import is in the way, or the domains cannot be used.
    """
    if not needs_import(folder, mapping):
        return folder, mapping, None
    tables = out / "tables"
    for stale in sorted((*tables.glob("*.csv"), *tables.glob("*.parquet"))):
        stale.unlink()
    return tables, None, import_any(folder, tables, mapping, omop_as="parquet")


def _registry(request: ReanalysisRequest) -> Registry:
    evidence = registry_for(request.site)
    return evidence if request.protocol is None else with_numbers(evidence, request.protocol)


def _planned(request: ReanalysisRequest) -> tuple[str, ...]:
    """The analyses asked for, else those of the protocol, else all."""
    if request.names or request.protocol is None:
        return chosen(request.names)
    return tuple(dict.fromkeys(request.protocol.file.analyses))


def run_reanalysis(request: ReanalysisRequest, progress: Progress) -> Reanalysis:
    """Read, analyse, write.

    Raises
    ------
    OpenNTZError
        When the input, the output folder or the site file cannot be used.
    """
    names, evidence = _planned(request), _registry(request)
    hashes = hashes_of(request.folder)
    make_folder(request.out)
    if request.aggregate_only and (request.out / "tables").exists():
        raise InputError(
            f"{request.out} holds tables of people from an earlier run.",
            where="--out",
            remedy="Choose an empty folder for what is to leave the room.",
        )
    with TemporaryDirectory() as scratch:
        # Tables made from another layout hold rows of people: they stay out of a locked room's
        # output.
        made = Path(scratch) if request.aggregate_only else request.out
        folder, mapping, imported = tables_of(request.folder, made, request.mapping)
        taken = gathered(folder, request.as_of, mapping, names, evidence, progress)
    rejected = (*(imported.problems if imported else ()), *taken.rejected)
    results = (table_one_of(taken, rejected), *analysed(taken, names, evidence))
    arms = Counter(person.arm for person in taken.first[0])
    strayed = (
        ()
        if request.protocol is None
        else deviations(request.protocol, request.names, request.as_of, results[1:], evidence)
    )
    limit = round(evidence.fact("reanalyse.fewest-people").number)
    checked: tuple[tuple[str, str], ...] = ()
    if request.aggregate_only:
        results = tuple(aggregates_only(result, limit) for result in results)
        checked = checklist(results, limit)
        hashes = _together(hashes)
    notes = _notes(taken, imported, len(strangers_of(rejected)), numbers=not request.aggregate_only)
    page = _page(request, arms, results, evidence, hashes, rejected, strayed, checked, notes)
    _write(request, page, results, evidence, rejected)
    return Reanalysis(
        people=taken.whole.people,
        results=results[1:],
        rejected=rejected,
        hashes=hashes,
        page=request.out / "index.html",
        deviations=strayed,
        beside=beside(request.published, results),
        aggregate_only=request.aggregate_only,
        notes=notes,
    )


def _notes(
    taken: Taken, imported: Imported | None, strangers: int, *, numbers: bool
) -> tuple[str, ...]:
    """What was read, and why the whole had to be held in memory; how much, with ``numbers``."""
    found = () if imported is None else (f"Read from {', '.join(imported.domains)}.",)
    if strangers > taken.whole.people:
        found = (
            *found,
            "More people have rows elsewhere without being in the table people (DM) than are in "
            "it: they are set aside. Check that the tables write identifiers alike.",
        )
    if taken.one_piece is None:
        return found
    rows = f"all {taken.rows:,} rows" if numbers else "all rows"
    return (
        *found,
        f"Read in one piece ({taken.one_piece.why}): {rows} were held in memory together, which "
        "grows with the data. Tables in Parquet with plain types are read some people at a time.",
    )


def _page(
    request: ReanalysisRequest,
    arms: Mapping[str, int],
    results: Sequence[AnalysisResult],
    evidence: Registry,
    hashes: dict[str, str],
    rejected: Sequence[Problem],
    strayed: tuple[str, ...],
    checked: tuple[tuple[str, str], ...],
    notes: tuple[str, ...],
) -> ReanalysisPage:
    protocol, flow = request.protocol, results[0].flow
    return ReanalysisPage(
        title=request.title if protocol is None else protocol.file.title,
        as_of=request.as_of.isoformat(),
        version=__version__,
        people=next((s for s in flow if s.text == IN_PEOPLE), flow[0]).people,
        # Arms are in Table 1, where small ones are suppressed.
        arms=()
        if request.aggregate_only
        else tuple(sorted((arm, n) for arm, n in arms.items() if arm)),
        hashes=hashes,
        rejected=0 if request.aggregate_only else len(rejected),
        code_hash=code_hash(),
        notes=notes,
        protocol=None
        if protocol is None
        else Planned(
            who=protocol.file.who,
            written=protocol.file.written.isoformat(),
            digest=protocol.digest,
            numbers=changed_numbers(protocol, evidence),
            deviations=strayed,
        ),
        checklist=checked,
        published=request.published,
    )


def _write(
    request: ReanalysisRequest,
    page: ReanalysisPage,
    results: Sequence[AnalysisResult],
    evidence: Registry,
    rejected: Sequence[Problem],
) -> None:
    people = not request.aggregate_only
    about: dict[str, Any] = {
        "as_of": page.as_of,
        "data": dict(page.hashes),
        "code": page.code_hash,
        "aggregate_only": request.aggregate_only,
        "notes": list(page.notes),
        "protocol": None if page.protocol is None else asdict(page.protocol),
    }
    out = request.out
    write_text_atomic(out / "results.json", results_json(results, about, people=people))
    if people:
        write_csv(out / "rejected.csv", PROBLEM_HEADER, problem_rows(rejected))
        aside = ((r.name, a.person, a.reason, a.where) for r in results for a in r.set_aside)
        write_csv(out / "set-aside.csv", ("analysis", "person", "reason", "where"), aside)
    else:
        # What an earlier run with people wrote must not leave with this one.
        for stale in ("rejected.csv", "set-aside.csv"):
            (out / stale).unlink(missing_ok=True)
    write_text_atomic(out / "index.html", reanalysis_page(page, results, evidence))
    write_bytes_atomic(out / "report.pdf", reanalysis_pdf(page, results, evidence))
