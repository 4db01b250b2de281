"""`openntz export --to sdtm|adam`: a clinic's or trial's courses as submission datasets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from openntz.course.course import Course
from openntz.errors import InputError
from openntz.evidence.registry import Registry
from openntz.records.adam.write import adam_datasets
from openntz.records.datasets import FORMATS, Dataset, Format, write_datasets
from openntz.records.problems import Records
from openntz.records.sdtm.write import sdtm_datasets
from openntz.records.write import write_csv
from openntz.workflows.folder import make_folder
from openntz.workflows.progress import Progress
from openntz.workflows.read import read_tables, registry_for

Target = Literal["sdtm", "adam"]
_Made = tuple[tuple[Dataset, ...], tuple[tuple[str, str, int], ...]]


class ExportRequest(Struct, frozen=True, kw_only=True):
    """What to write, how, and where."""

    folder: Path
    out: Path
    target: Target
    written_as: Format
    as_of: date
    mapping: Path | None = None
    site: Path | None = None


class ExportedDatasets(Struct, frozen=True, kw_only=True):
    """Records by dataset, and what could not be carried: (table, what, times)."""

    out: Path
    people: int
    written: tuple[tuple[str, int], ...]
    not_carried: tuple[tuple[str, str, int], ...]


def _sdtm(courses: list[Course], evidence: Registry, as_of: date) -> _Made:
    del evidence, as_of
    made = sdtm_datasets(courses)
    return made.datasets, made.not_carried


def _adam(courses: list[Course], evidence: Registry, as_of: date) -> _Made:
    datasets, assumed = adam_datasets(courses, evidence, as_of)
    said = tuple((p.table, f"adppk {p.column}: {p.reason}", p.count) for p in assumed)
    return datasets, said


_MAKERS: Final[Mapping[str, Callable[[list[Course], Registry, date], _Made]]] = {
    "sdtm": _sdtm,
    "adam": _adam,
}


def _empty(out: Path) -> None:
    """Refuse a folder that holds datasets already: old ones would be read with new ones."""
    held = sorted(p.name for p in out.iterdir() if p.suffix.removeprefix(".") in FORMATS)
    if held:
        raise InputError(
            f"{out} holds {held[0]} already.", where="--out", remedy="Choose an empty folder."
        )


def export_datasets(request: ExportRequest, progress: Progress) -> tuple[Records, ExportedDatasets]:
    """Read the tables and write what happened up to a day as datasets.

    What could not be carried is in ``not-carried.csv`` beside them.

    Raises
    ------
    OpenNTZError
        When the input cannot be used, the folder holds datasets, or a file cannot be written.
    """
    evidence = registry_for(request.site)
    records = read_tables(request.folder, request.as_of, request.mapping, evidence, progress)
    make_folder(request.out)
    _empty(request.out)
    courses = [course.until(request.as_of) for course in records.courses.values()]
    datasets, not_carried = _MAKERS[request.target](courses, evidence, request.as_of)
    cut = write_datasets(datasets, request.out, request.written_as, request.as_of)
    if cut:
        what = "text longer than a transport file of version 5 holds: its beginning is written"
        not_carried = (*not_carried, ("any", what, cut))
    write_csv(request.out / "not-carried.csv", ("table", "what", "times"), not_carried)
    return records, ExportedDatasets(
        out=request.out,
        people=len(courses),
        written=tuple((d.name, len(d.rows)) for d in datasets),
        not_carried=not_carried,
    )
