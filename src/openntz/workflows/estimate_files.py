"""The files of `openntz estimate`: numbers with all their digits, nothing that is not a number.

Where there is no number the cell is empty and the status says why.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from openntz import __version__
from openntz.errors import InputError
from openntz.forecast.cohort import EXACT
from openntz.records.nonmem_data import SetAside
from openntz.records.write import write_csv, write_text_atomic
from openntz.report.exports import PROBLEM_HEADER, problem_rows
from openntz.workflows.estimate_person import places
from openntz.workflows.estimates import SET_ASIDE, Estimates, PersonEstimate
from openntz.workflows.folder import make_folder
from openntz.workflows.progress import Progress

Row = tuple[object, ...]

ETAS: Final = ("ID", "occasion", "parameter", "eta", "se", "status", "block")
INDIVIDUALS: Final = ("ID", "objective", "status", "reason", "block", "line")
COUNTS: Final = ("levels", "beyond_limit", "worst_iwres", "worst_iwres_line")
PREDICTIONS: Final = ("ID", "TIME", "DV", "PRED", "IPRED", "EVID", "MDV", "status", "block", "line")
COVARIANCE: Final = ("ID", "row", "column", "value", "row_occasion", "column_occasion", "block")
FILES: Final = (
    *("etas.csv", "individuals.csv", "predictions.csv", "covariance.csv"),
    *("rejected.csv", "notes.csv", "run.json"),
)


def prepare_folder(out: Path, inputs: Sequence[Path]) -> None:
    """Make the folder for the results.

    Raises
    ------
    InputError
        When it cannot be made, or a result would overwrite one of ``inputs``.
    """
    for path in inputs:
        if path.resolve().parent == out.resolve() and path.name in FILES:
            raise InputError(
                f"{path.name} would be overwritten by the results.",
                where="--out",
                remedy="Choose another folder.",
            )
    make_folder(out)


def write_estimates(found: Estimates, out: Path, progress: Progress) -> None:
    """Write all files; each is either the old one or the whole new one.

    Raises
    ------
    InputError
        When the folder cannot be written to.
    """
    tables = (
        ("etas.csv", ETAS, _etas(found)),
        ("individuals.csv", _individual_header(found), _individuals(found)),
        ("predictions.csv", PREDICTIONS, _predictions(found)),
        ("covariance.csv", COVARIANCE, _covariance(found)),
        ("rejected.csv", PROBLEM_HEADER, problem_rows(found.problems)),
        ("notes.csv", PROBLEM_HEADER, problem_rows(found.notes)),
    )
    try:
        for name, header, rows in progress.track(tables, len(tables), "files"):
            write_csv(out / name, header, rows)
        write_text_atomic(out / "run.json", _run(found))
    except OSError as error:
        raise InputError(
            f"{error.filename or out} cannot be written ({error.strerror}).",
            where="--out",
            remedy="Check the free space and the rights of the folder, and run again.",
        ) from None


def _number(value: float) -> str:
    """The shortest text that reads back as the same number; empty where there is none."""
    return repr(float(value)) if math.isfinite(value) else ""


def _whole(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else _number(value)


def _in_order(found: Estimates) -> list[PersonEstimate | SetAside]:
    """Everybody of the file, estimated or set aside, as they stand in it."""

    def line(person: PersonEstimate | SetAside) -> int:
        return int(person.lines[0] if isinstance(person, SetAside) else person.rows.line[0])

    return sorted((*found.people, *found.data.set_aside), key=line)


def _reason(person: SetAside) -> str:
    first, *more = person.problems
    place = f"line {first.line}, {first.column}" if first.column else f"line {first.line}"
    rest = f" {len(more)} more in rejected.csv." if more else ""
    return f"{place}: {first.reason} {first.remedy}{rest}"


def _etas(found: Estimates) -> Iterator[Row]:
    """One row per person and effect, always."""
    for person in _in_order(found):
        if isinstance(person, SetAside):
            for _, name in places(found.card, ()):
                yield person.id, "", name, "", "", SET_ASIDE, person.block
            continue
        rows = person.rows
        for e in person.etas:
            occasion = "" if e.occasion is None else e.occasion
            numbers = _number(e.eta), _number(e.se)
            yield rows.id, occasion, e.parameter, *numbers, e.status, rows.block
        if not person.etas:
            for _, name in places(found.card, ()):
                yield rows.id, "", name, "", "", person.status, rows.block


def _individual_header(found: Estimates) -> tuple[str, ...]:
    shown = tuple(f"{name} ({number.unit})" for name, number in found.card.theta.items())
    return (*INDIVIDUALS, *COUNTS, *shown, "notes")


def _individuals(found: Estimates) -> Iterator[Row]:
    symbols = tuple(found.card.theta)
    for person in _in_order(found):
        if isinstance(person, SetAside):
            head = (person.id, "", SET_ASIDE, _reason(person), person.block, person.lines[0])
            yield (*head, *("",) * (len(COUNTS) + len(symbols) + 1))
            continue
        rows, worst = person.rows, person.worst
        yield (
            rows.id,
            _number(person.objective),
            person.status,
            person.reason,
            rows.block,
            rows.line[0],
            person.readings,
            person.limits,
            "" if worst is None else _number(worst.iwres),
            "" if worst is None else worst.line,
            *(_number(person.parameters.get(name, math.nan)) for name in symbols),
            " ".join(person.notes),
        )


def _predictions(found: Estimates) -> Iterator[Row]:
    """One row per row of the file that belongs to somebody, dose rows included."""
    logarithms = found.card.data_units.levels == "ln"
    for person in _in_order(found):
        if isinstance(person, SetAside):
            for line in person.lines:
                yield (person.id, *("",) * 6, SET_ASIDE, person.block, line)
            continue
        rows = person.rows
        dv = np.log(rows.dv) if logarithms else rows.dv
        for i, line in enumerate(rows.line):
            numbers = (dv[i], person.pred[i], person.ipred[i])
            yield (
                *(rows.id, _whole(rows.time[i]), *(_number(x) for x in numbers)),
                *(rows.evid[i], rows.mdv[i], person.status, rows.block, line),
            )


def _covariance(found: Estimates) -> Iterator[Row]:
    """Every element of every person's matrix, both triangles."""
    for person in found.people:
        if not person.covariance.size:
            continue
        rows = person.rows
        occasions = ["" if e.occasion is None else e.occasion for e in person.etas]
        for i, row in enumerate(person.etas):
            for j, column in enumerate(person.etas):
                value = _number(person.covariance[i, j])
                place = row.parameter, column.parameter
                yield (rows.id, *place, value, occasions[i], occasions[j], rows.block)


def _run(found: Estimates) -> str:
    """What the results came from, so that they can be had again."""
    card, data = found.card, found.data
    content = {
        "openntz": __version__,
        "card": card.id,
        "card_sha256": card.hash,
        "data": data.path.name,
        "relative_tolerance": EXACT.rtol,
        "rows": {
            "read": data.rows.read,
            "used": data.rows.used,
            "rejected": data.rows.rejected,
            "set_aside": data.rows.set_aside,
        },
        "people": dict(found.statuses),
        "eta_shrinkage": found.shrinkage(),
        "covariates": {item.name: item.column for item in card.covariates},
        "units": {
            "TIME": card.data_units.time,
            "AMT": card.data_units.dose,
            "DV": card.data_units.concentration,
            "levels": card.data_units.levels,
        },
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
