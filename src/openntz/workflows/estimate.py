"""`openntz estimate`: every person of a NONMEM-style file under one model card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from msgspec.structs import replace

from openntz.errors import InputError, OpenNTZError
from openntz.models.card import Card, load_card
from openntz.records.nonmem import read_nonmem
from openntz.records.nonmem_data import NonmemData, NonmemSubject
from openntz.records.problems import Problem, ProblemKind, printable
from openntz.workflows.estimate_domain import domain_notes
from openntz.workflows.estimate_files import prepare_folder, write_estimates
from openntz.workflows.estimate_person import Batch, failed
from openntz.workflows.estimates import Estimates, EtaEstimate, PersonEstimate
from openntz.workflows.nonmem_doses import RowError
from openntz.workflows.nonmem_subject import Prepared, prepare
from openntz.workflows.progress import Progress

__all__ = [
    "Estimates",
    "EtaEstimate",
    "PersonEstimate",
    "estimate",
    "estimate_people",
    "run_estimate",
]

# People solved together: enough to fill the machine, few enough to keep tables small.
_TOGETHER: Final = 250

_Member = tuple[int, Prepared]


def run_estimate(
    card_id: str | Path, data_path: Path, out: Path, *, threads: int, progress: Progress
) -> Estimates:
    """Estimate all people of a file and write the results.

    Raises
    ------
    OpenNTZError
        When card, file or the folder for the results cannot be used.
    """
    card, data = _read(card_id, data_path)
    prepare_folder(out, (Path(card_id), data_path))
    people = estimate_people(card, data.subjects, threads=threads, progress=progress, data=data)
    found = Estimates(card, data, people)
    write_estimates(found, out, progress)
    return found


def estimate(card_id: str | Path, data_path: Path, *, threads: int = 1) -> Estimates:
    """Etas, objectives and predictions of all people of a file.

    Raises
    ------
    OpenNTZError
        When card or file cannot be used at all. A person who cannot be estimated has a status.
    """
    card, data = _read(card_id, data_path)
    return Estimates(card, data, estimate_people(card, data.subjects, threads=threads, data=data))


def _read(card_id: str | Path, data_path: Path) -> tuple[Card, NonmemData]:
    card = load_card(card_id)
    data = read_nonmem(data_path, levels=card.data_units.levels)
    _require_columns(card, data)
    return card, data


def _require_columns(card: Card, data: NonmemData) -> None:
    for item in card.covariates:
        if item.missing == "refuse" and data.covariate(item.column) is None:
            there = ", ".join(data.covariate_names) or "none"
            raise InputError(
                f"there is no column {item.column}, and the card {card.id} needs the covariate "
                f"{item.name} ({item.unit}). Covariates in the file: {printable(there)}.",
                where=str(data.path),
                remedy=f"Add the column, or name it in the card: covariate.{item.name}.column.",
            )


def estimate_people(
    card: Card,
    subjects: Sequence[NonmemSubject],
    *,
    threads: int = 1,
    progress: Progress | None = None,
    data: NonmemData | None = None,
) -> tuple[PersonEstimate, ...]:
    """Estimates in the order of ``subjects``; ``data`` names the file in problems."""
    table = printable(data.path.name) if data is not None else ""
    done = _estimated(card, subjects, threads, table)
    if progress is not None:
        done = progress.track(done, len(subjects), "people")
    found = dict(done)
    return tuple(found[i] for i in range(len(subjects)))


def _estimated(
    card: Card, subjects: Sequence[NonmemSubject], threads: int, table: str
) -> Iterator[tuple[int, PersonEstimate]]:
    """People as they get ready, with their place in the file."""
    ready: dict[int, list[_Member]] = {}
    for i, rows in enumerate(subjects):
        try:
            prepared = prepare(rows, card)
            notes = domain_notes(rows, card, prepared.given)
        except RowError as fault:
            yield i, _refused(rows, fault, table)
            continue
        except OpenNTZError as error:
            yield i, _refused(rows, _whole(rows, error), table)
            continue
        # People with equally many occasions share a list of unknowns.
        count = len(prepared.occasions) if card.kappa_names else 1
        ready.setdefault(count, []).append((i, prepared.noted(notes)))
    for members in ready.values():
        for first in range(0, len(members), _TOGETHER):
            yield from _solved(card, subjects, members[first : first + _TOGETHER], threads, table)


def _solved(
    card: Card,
    subjects: Sequence[NonmemSubject],
    members: Sequence[_Member],
    threads: int,
    table: str,
) -> Iterator[tuple[int, PersonEstimate]]:
    """Estimates of people solved together; each alone where one spoils it for all."""
    try:
        batch = Batch(card, [prepared for _, prepared in members], threads)
    except (OpenNTZError, np.linalg.LinAlgError) as error:
        if len(members) > 1:
            for member in members:
                yield from _solved(card, subjects, [member], threads, table)
            return
        i, prepared = members[0]
        fault = _wrong_covariate(subjects[i], card, prepared)
        if fault is not None:
            yield i, _refused(subjects[i], fault, table)
        else:
            yield i, failed(subjects[i], prepared, card, str(error))
        return
    for j, (i, prepared) in enumerate(members):
        person = batch.person(subjects[i], prepared, j)
        lost = tuple(_problem(subjects[i], e, table, "cell", e.reason) for e in prepared.unused)
        yield i, replace(person, problems=lost) if lost else person


def _wrong_covariate(rows: NonmemSubject, card: Card, prepared: Prepared) -> RowError | None:
    """The first row whose covariates the card refuses."""
    for k in range(len(rows.line)):
        values = {name: value[k : k + 1] for name, value in prepared.given.items()}
        for item in card.covariates:
            if item.name not in values:
                stand_in = item.reference if item.reference is not None else item.median
                values[item.name] = np.full(1, stand_in)
        try:
            card.population(values)
        except OpenNTZError as error:
            named = [i for i in card.covariates if repr(i.name) in error.what] or card.covariates
            return RowError(
                int(rows.line[k]),
                ", ".join(item.column for item in named),
                ", ".join(f"{values[item.name][0]:g}" for item in named),
                error.what,
                error.remedy,
            )
    return None


def _whole(rows: NonmemSubject, error: OpenNTZError) -> RowError:
    return RowError(int(rows.line[0]), "", "", error.what, error.remedy)


def _problem(
    rows: NonmemSubject, fault: RowError, table: str, kind: ProblemKind, reason: str
) -> Problem:
    place = table, fault.line, printable(fault.column), printable(fault.value)
    return Problem(*place, reason, fault.remedy, kind, rows.id)


def _refused(rows: NonmemSubject, fault: RowError, table: str) -> PersonEstimate:
    """A person whom the card cannot take."""
    none = np.full(len(rows.time), np.nan)
    used = rows.mdv == 0
    reason = f"{fault.reason} The person is not computed."
    return PersonEstimate(
        rows=rows,
        status="not computed",
        reason=f"{fault.reason} {fault.remedy}",
        problems=(_problem(rows, fault, table, "row", reason),),
        covariance=np.empty((0, 0)),
        pred=none,
        ipred=none,
        parameters={},
        readings=int(used.sum()),
        limits=int((used & (rows.censored != 0)).sum()),
    )
