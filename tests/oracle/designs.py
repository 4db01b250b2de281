"""Rows of NONMEM-style data, and levels drawn for them from a model and a seed."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.oracle.nonmem_like import Person
from tests.oracle.parameters import Model, Record

COLUMNS = ("ID", "TIME", "EVID", "MDV", "CMT", "AMT", "RATE", "ADDL", "II", "SS", "DV")
Design = list[Record]


@dataclass(frozen=True)
class Case:
    """A model and the designs of its people; ``censoring`` is (lower, upper) limits or None."""

    name: str
    what: str
    model: Model
    designs: list[Design]
    notes: Sequence[str] = ()
    censoring: tuple[float, float] | None = None


def row(time: float, evid: int, **more: float) -> Record:
    """A record; columns not named are 0, rows without a level have MDV 1."""
    record = dict.fromkeys(COLUMNS, 0.0) | {"TIME": time, "EVID": float(evid), "CMT": 1.0}
    record["MDV"] = 0.0 if evid == 0 else 1.0
    return record | {k.upper(): float(v) for k, v in more.items()}


def dose(time: float, amount: float, **more: float) -> Record:
    """A dose record; ``rate``, ``addl``, ``ii``, ``ss``, ``cmt`` and covariates by keyword."""
    return row(time, 1, amt=amount, **more)


def level(time: float, **more: float) -> Record:
    """An observation record; its DV is drawn later."""
    return row(time, 0, **more)


def filled(design: Design, covariates: dict[str, Callable[[int, Record], float]]) -> Design:
    """The design with one covariate column per function of (position, record)."""
    return [
        r | {name: value(i, r) for name, value in covariates.items()} for i, r in enumerate(design)
    ]


def in_the_measured_compartment(design: Design) -> Design:
    """With a depot (CMT 1) levels and predictions are of the central compartment, CMT 2."""
    return [r if int(r["EVID"]) in (1, 4) else r | {"CMT": 2.0} for r in design]


def five_digits(value: float) -> float:
    """The value as it is written to the file."""
    return float(f"{value:.5g}")


def drawn(case: Case, design: Design, rng: np.random.Generator) -> list[Record]:
    """The design with levels: random effects from the prior, error from the residual model."""
    person = Person(case.model, design)
    random = rng.multivariate_normal(np.zeros(len(person.omega)), person.omega, method="cholesky")
    truth = person.levels(random).real
    records = []
    for record, f in zip(design, truth, strict=True):
        kept = dict(record)
        if int(record["EVID"]) == 0 and not record["MDV"]:
            noise = rng.standard_normal()
            if person.log_scale:
                sd = case.model["residual"]["additive_sd"]
                kept["DV"] = five_digits(f * np.exp(sd * noise))
            else:
                sd = float(np.sqrt(person.variance(np.array([f]))[0][0]))
                seen = f + sd * noise
                lowest = 0.0 if case.censoring else max(0.2 * f, 0.01)
                kept["DV"] = five_digits(max(seen, lowest))
            if case.censoring:
                low, high = case.censoring
                kept["CENS"] = float(kept["DV"] < low) - float(kept["DV"] > high)
                kept["DV"] = min(max(kept["DV"], low), high)
        elif case.censoring:
            kept["CENS"] = 0.0
        records.append(kept)
    return records


def written(value: float) -> str:
    """Whole numbers without a point, everything else in full."""
    return str(int(value)) if value == int(value) else repr(value)


def write_people(path: Path, people: list[list[Record]]) -> None:
    """The records as a NONMEM-style file; DV is '.' where there is no level."""
    columns = list(COLUMNS) + [k for k in people[0][0] if k not in COLUMNS]
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        for number, records in enumerate(people, start=1):
            for record in records:
                cells = dict(record) | {"ID": float(number)}
                used = int(record["EVID"]) == 0 and not record["MDV"]
                writer.writerow(
                    "." if c == "DV" and not used else written(cells[c]) for c in columns
                )
