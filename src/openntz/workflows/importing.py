"""Another layout's data become a folder of the eleven tables, which every job reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from openntz.course.tables import CONTRACT
from openntz.errors import InputError
from openntz.records.adam.read import convert_adam, looks_like_adam, read_adam
from openntz.records.omop.concepts import load_concepts
from openntz.records.omop.convert import convert_omop
from openntz.records.omop.source import OmopFolder, looks_like_omop
from openntz.records.problems import Problem
from openntz.records.sdtm.codes import load_codes
from openntz.records.sdtm.convert import Tables, convert
from openntz.records.sdtm.domains import looks_like_sdtm, read_domains
from openntz.records.write import write_csv
from openntz.report.exports import PROBLEM_HEADER, problem_rows
from openntz.workflows.folder import make_folder


class Imported(Struct, frozen=True, kw_only=True):
    """Rows written by table, what was set aside, and what meant nothing here with its count."""

    out: Path
    domains: tuple[str, ...]
    written: dict[str, int]
    problems: tuple[Problem, ...]
    unused: tuple[tuple[str, str, int], ...]


def columns_of(name: str, rows: Sequence[dict[str, str]]) -> tuple[str, ...]:
    """The table's own columns that are needed or used, then others as they first appear."""
    used = dict.fromkeys(column for row in rows for column in row)
    table = CONTRACT[name]
    own = [c.name for c in table.columns if c.required or c.name in used]
    return (*own, *(column for column in used if column not in own))


def write_tables(tables: Tables, out: Path) -> dict[str, int]:
    """One CSV file per table; a table without rows keeps its header, which says 'none'."""
    for name, rows in tables.rows.items():
        header = columns_of(name, rows)
        write_csv(out / f"{name}.csv", header, ([row.get(c, "") for c in header] for row in rows))
    return {name: len(rows) for name, rows in tables.rows.items()}


def import_sdtm(folder: Path, out: Path, mapping: Path | None) -> Imported:
    """SDTM domains of a folder as course tables in another.

    Raises
    ------
    InputError
        When the folder holds no domain, the mapping file cannot be used, or the output folder
        is the folder of the data or holds tables already.
    """
    codes = load_codes(mapping)
    domains, unreadable = read_domains(folder, codes.files)
    prepare(folder, out)
    return _written(out, convert(domains.values(), codes), tuple(domains), unreadable)


def import_adam(folder: Path, out: Path, mapping: Path | None) -> Imported:
    """Analysis datasets of a folder as course tables, as far as their records carry dates.

    Raises
    ------
    InputError
        As ``import_sdtm``.
    """
    codes = load_codes(mapping)
    found, unreadable = read_adam(folder, codes.files)
    prepare(folder, out)
    return _written(out, convert_adam(found, codes), tuple(found), unreadable)


def import_omop(folder: Path, out: Path, mapping: Path | None, written_as: str = "csv") -> Imported:
    """OMOP CDM tables of a folder as course tables; streamed, so size is no matter.

    ``written_as`` is csv or parquet.

    Raises
    ------
    InputError
        When there is no mapping file of concepts, or as ``import_sdtm``.
    """
    concepts = load_concepts(mapping)
    prepare(folder, out)
    with OmopFolder(folder, out) as source:
        found = convert_omop(source, concepts, out, written_as)
    problems = (*source.problems, *found.problems)
    return finished(out, tuple(source.tables), dict(found.written), problems, found.unused)


def import_any(folder: Path, out: Path, mapping: Path | None, omop_as: str = "csv") -> Imported:
    """Whatever layout a folder is in: OMOP, SDTM, or ADaM where there is no SDTM.

    Tables made from OMOP may be written as parquet, the others are csv.

    Raises
    ------
    InputError
        As ``import_sdtm``, or as the layout's own reader says.
    """
    if looks_like_omop(folder):
        return import_omop(folder, out, mapping, omop_as)
    if looks_like_adam(folder) and not looks_like_sdtm(folder):
        return import_adam(folder, out, mapping)
    return import_sdtm(folder, out, mapping)


def needs_import(folder: Path, mapping: Path | None = None) -> bool:
    """Whether a folder is in a layout that becomes course tables first.

    A mapping of a study's codes may say which file is which domain.
    """
    try:
        files = load_codes(mapping).files
    except InputError:
        # It is a clinic's mapping file, or one of concepts.
        files = {}
    return looks_like_omop(folder) or looks_like_sdtm(folder, files) or looks_like_adam(folder)


def prepare(folder: Path, out: Path) -> None:
    """The folder for the tables, which is not that of the data and holds no tables.

    Raises
    ------
    InputError
        When it is, does, or cannot be made.
    """
    if out.resolve() == folder.resolve():
        raise InputError(
            f"{out} holds the data.", where="--out", remedy="Choose a folder of its own."
        )
    make_folder(out)
    named = (f"{name}.{ending}" for name in CONTRACT for ending in ("csv", "parquet"))
    held = next((name for name in named if (out / name).exists()), None)
    if held:
        raise InputError(
            f"{out} holds {held} already.",
            where="--out",
            remedy="Choose an empty folder, so that old tables are not read with new ones.",
        )


def _written(
    out: Path, tables: Tables, domains: tuple[str, ...], unreadable: tuple[Problem, ...]
) -> Imported:
    written = write_tables(tables, out)
    unused = tuple((domain, why, n) for (domain, why), n in sorted(tables.unused.items()))
    return finished(out, domains, written, (*unreadable, *tables.problems), unused)


def finished(
    out: Path,
    domains: tuple[str, ...],
    written: dict[str, int],
    problems: tuple[Problem, ...],
    unused: tuple[tuple[str, str, int], ...],
) -> Imported:
    """An import, with its two lists written beside the tables."""
    write_csv(out / "import-rejected.csv", PROBLEM_HEADER, problem_rows(problems))
    write_csv(out / "import-unused.csv", ("domain", "why", "records"), unused)
    return Imported(
        out=out,
        domains=domains,
        written=written,
        problems=problems,
        unused=unused,
    )
