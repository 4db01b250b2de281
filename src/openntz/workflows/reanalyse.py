"""A trial's or cohort's data become the analyses that matter, and a file others can rerun."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from openntz import __version__
from openntz.errors import InputError, OpenNTZError
from openntz.evidence.registry import Registry
from openntz.reanalyse.catalogue import ANALYSES, BY_NAME
from openntz.reanalyse.result import AnalysisResult, skipped
from openntz.reanalyse.study import SetAside, Study
from openntz.records.problems import Problem
from openntz.records.write import write_csv, write_text_atomic
from openntz.report.exports import PROBLEM_HEADER, problem_rows
from openntz.report.reanalyse_page import ReanalysisPage, reanalysis_page
from openntz.workflows.folder import make_folder
from openntz.workflows.importing import Imported, import_any, needs_import
from openntz.workflows.progress import Progress
from openntz.workflows.read import read_tables, registry_for


@dataclass(frozen=True, slots=True, kw_only=True)
class ReanalysisRequest:
    """What to analyse and where to write it; no names mean every analysis."""

    folder: Path
    out: Path
    as_of: date
    site: Path | None = None
    mapping: Path | None = None
    names: tuple[str, ...] = ()
    title: str = "Re-analysis"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reanalysis:
    """The results with what they were made from."""

    study: Study
    results: tuple[AnalysisResult, ...]
    rejected: tuple[Problem, ...]
    hashes: dict[str, str]
    page: Path


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
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.iterdir())
        if file.is_file()
    }


def _plain(value: Any) -> Any:
    """A value as JSON has it: what is not a finite number is null."""
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain


def results_json(results: Sequence[AnalysisResult]) -> str:
    """The contract's file: per analysis its rows and definitions, and why one was skipped."""
    found = {
        result.name: {
            "status": result.status,
            "text": result.text,
            "summary": [{k: _plain(v) for k, v in row.items()} for row in result.rows],
            "definitions": {k: _plain(v) for k, v in result.definitions.items()},
            "flow": [
                {"step": s.text, "people": s.people, "left": dict(s.left)} for s in result.flow
            ],
            "set_aside": len(result.set_aside),
        }
        for result in results
    }
    return json.dumps(found | {"openntz": {"version": __version__}}, indent=1, allow_nan=False)


def code_hash() -> str:
    """SHA-256 over the code that an analysis runs: analyses and shared definitions."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[1]
    for folder in ("reanalyse", "definitions"):
        for file in sorted((root / folder).rglob("*.py")):
            digest.update(file.name.encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _analysed(names: Sequence[str], study: Study, evidence: Registry) -> tuple[AnalysisResult, ...]:
    """Every analysis; one that fails says so and the rest go on."""
    results = []
    for name in names:
        analysis = BY_NAME[name]
        try:
            results.append(analysis(study, evidence))
        except (OpenNTZError, ArithmeticError, LookupError, ValueError) as error:
            reason = f"It could not be computed ({type(error).__name__}: {error})."
            results.append(skipped(analysis.name, analysis.title, reason))
    return tuple(results)


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
    for stale in sorted(tables.glob("*.csv")):
        stale.unlink()
    return tables, None, import_any(folder, tables, mapping)


def run_reanalysis(request: ReanalysisRequest, progress: Progress) -> Reanalysis:
    """Read, analyse, write.

    Raises
    ------
    OpenNTZError
        When the input, the output folder or the site file cannot be used.
    """
    names = chosen(request.names)
    evidence = registry_for(request.site)
    hashes = hashes_of(request.folder)
    make_folder(request.out)
    folder, mapping, imported = tables_of(request.folder, request.out, request.mapping)
    records = read_tables(folder, request.as_of, mapping, evidence, progress)
    rejected = (*(imported.problems if imported else ()), *records.rejected)
    study = Study.of(
        {name: course.until(request.as_of) for name, course in records.courses.items()},
        request.as_of,
        tuple(SetAside(p.person, p.reason, f"{p.table}:{p.line}") for p in rejected),
    )
    results = _analysed(names, study, evidence)
    arms = Counter(study.arms.values())
    page = ReanalysisPage(
        title=request.title,
        as_of=request.as_of.isoformat(),
        version=__version__,
        people=len(study),
        arms=tuple(sorted((arm, n) for arm, n in arms.items() if arm)),
        hashes=hashes,
        rejected=len(rejected),
        code_hash=code_hash(),
        notes=()
        if imported is None
        else (f"Read from {', '.join(imported.domains)}.",),
    )
    write_text_atomic(request.out / "results.json", results_json(results))
    write_csv(request.out / "rejected.csv", PROBLEM_HEADER, problem_rows(rejected))
    write_text_atomic(request.out / "index.html", reanalysis_page(page, results, evidence))
    return Reanalysis(
        study=study,
        results=results,
        rejected=rejected,
        hashes=hashes,
        page=request.out / "index.html",
    )
