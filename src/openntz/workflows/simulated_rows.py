"""Virtual people as the rows of the eleven tables, in the columns a clinic's export has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from openntz.course import vocabulary as v
from openntz.evidence.registry import registry
from openntz.mechanism.virtual.antibody_assay import ASSAYS
from openntz.mechanism.virtual.blood import reported
from openntz.mechanism.virtual.exposure import level_card
from openntz.mechanism.virtual.modifiers import WeightChange
from openntz.mechanism.virtual.people import age_year, disease_year, female, weight_kg
from openntz.workflows.scenario import Scenario
from openntz.workflows.simulated_arm import BASELINE_DAY, WEEK, ArmPart

Floats = NDArray[np.float64]
Row = tuple[Any, ...]
Rows = dict[str, list[Row]]

HEADERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "people": ("person", "birth_date", "sex", "ms_onset", "arm"),
        "plans": ("person", "date", "planned_interval_days", "stopped", "reason"),
        "doses": (
            *("person", "start", "end", "dose_mg", "route", "product", "batch", "setting"),
            "premedication",
        ),
        "measurements": (
            *("person", "taken", "test", "value", "unit", "lloq", "threshold", "assay", "lab"),
        ),
        "reactions": ("person", "onset", "term", "grade", "action"),
        "mri": (
            *("person", "date", "gadolinium_lesions", "new_t2_lesions", "enlarging_t2_lesions"),
            "comment",
        ),
        "relapses": ("person", "onset", "severity", "comment"),
        "edss": ("person", "date", "score"),
        "symptoms": ("person", "date", "symptom", "comment"),
        "treatments": ("person", "name", "kind", "start", "end"),
        "pregnancies": ("person", "conception", "due", "delivery", "outcome"),
    }
)
_LAB: Final = "virtual laboratory"
_SAMPLE: Final = time(8, 30)
_INFUSION: Final = time(9, 0)
_DURING: Final = time(9, 30)
_AFTER: Final = time(10, 30)
_COMMON: Final = "infusion related reaction"
_YEAR: Final = 365.25
_LLOQ: Final = 2.0
_CELLS: Final = MappingProxyType(
    {
        "lymphocytes": (v.LYMPHOCYTES, "10^9/L", 2),
        "cd19": (v.CD19, "cells/uL", 0),
        "monocytes": (v.MONOCYTES, "10^9/L", 2),
        "eosinophils": (v.EOSINOPHILS, "10^9/L", 2),
        "neutrophils": (v.NEUTROPHILS, "10^9/L", 2),
    }
)
# Columns of a person's measurement errors.
_LEVEL_ERROR, _ANTIBODY_ERROR, _CELL_ERROR = 0, 1, 2
_ERROR_COLUMNS: Final = 2 + len(_CELLS)


@dataclass(frozen=True, slots=True)
class _Person:
    """One person while the rows are written."""

    at: int
    name: str
    until: int
    rows: Rows

    def add(self, table: str, *cells: Any) -> None:
        self.rows[table].append((self.name, *cells))


@dataclass(frozen=True, slots=True, eq=False)
class _Traits:
    """What people bring with them (N,), worked out once for all."""

    age: Floats
    onset: Floats
    woman: NDArray[np.bool_]
    weight: Floats

    @classmethod
    def of(cls, part: ArmPart) -> _Traits:
        crowd, p = part.crowd, part.fates.parameters
        return cls(age_year(crowd, p), disease_year(crowd, p), female(crowd, p), weight_kg(crowd))


def _moment(day: date, at: time) -> str:
    return datetime.combine(day, at).isoformat(timespec="minutes")


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}"


def rows_of(scenario: Scenario, group: int, part: ArmPart) -> Rows:
    """Rows of some people of an arm, by table, in the order of the columns of ``HEADERS``."""
    rows: Rows = {table: [] for table in HEADERS}
    weeks = scenario.days // WEEK + 1
    most = max([weeks, *(len(r.day) + 1 for r in part.regimens)])
    errors = part.crowd.visits(most, _ERROR_COLUMNS)
    cells = {cell: part.fates.cells(cell) for cell in _CELLS}
    traits = _Traits.of(part)
    for at, number in enumerate(part.crowd.number):
        name = f"A{group + 1}-{number + 1:06d}"
        one = _Person(at, name, int(part.seen_until[at]), rows)
        _person(scenario, part, one, traits)
        _therapy(scenario, part, one)
        _levels(scenario, part, one, errors[at])
        _antibodies(scenario, part, one, errors[at])
        _blood(scenario, part, one, errors[at], cells)
        _disease(scenario, part, one)
    return rows


def _on(scenario: Scenario, day: float) -> date:
    return scenario.start + timedelta(days=int(day))


def _visits(every_week: int, one: _Person, *, first: int = 0) -> range:
    return range(first, one.until + 1, every_week * WEEK)


def _person(scenario: Scenario, part: ArmPart, one: _Person, traits: _Traits) -> None:
    age, onset = float(traits.age[one.at]), float(traits.onset[one.at])
    woman = bool(traits.woman[one.at])
    one.add(
        "people",
        _on(scenario, -age * _YEAR).isoformat(),
        "F" if woman else "M",
        _on(scenario, -onset * _YEAR).isoformat(),
        part.arm.name,
    )
    weight = traits.weight[one.at]
    for day in _visits(scenario.visits.weight_week, one):
        factor = 1.0
        for modifier in part.regimens[one.at].modifiers:
            if isinstance(modifier, WeightChange):
                factor *= float(modifier.weight_factor(np.array([float(day)]))[0])
        taken = _moment(_on(scenario, day), _SAMPLE)
        one.add("measurements", taken, v.WEIGHT, _number(weight * factor, 1), "kg", *[""] * 4)
    pregnancy = part.arm.pregnancy
    if woman and pregnancy is not None and pregnancy.conception_day <= one.until:
        conception = _on(scenario, pregnancy.conception_day)
        due = conception + timedelta(days=part.fates.parameters["people.pregnancy.length"])
        one.add("pregnancies", conception.isoformat(), due.isoformat(), "", "")


def _therapy(scenario: Scenario, part: ArmPart, one: _Person) -> None:
    regimen, stop = part.regimens[one.at], part.stops[one.at]
    minutes = registry().fact("forecast.infusion-duration").number
    end = (datetime.combine(scenario.start, _INFUSION) + timedelta(minutes=minutes)).time()
    for day, interval in part.planned:
        if day <= (one.until if stop is None else stop.day):
            one.add("plans", _on(scenario, day).isoformat(), str(interval), "", "")
    given = zip(regimen.day, regimen.amount_mg, regimen.subcutaneous, strict=True)
    for day, mg, under_skin in given:
        when = _on(scenario, day)
        ended = "" if under_skin else _moment(when, end)
        route = "SC" if under_skin else "IV"
        start = _moment(when, _INFUSION)
        one.add("doses", start, ended, f"{mg:g}", route, part.arm.product, "", "clinic", "")
    found = part.reactions[one.at]
    for dose, day in enumerate(regimen.day):
        when = _on(scenario, day)
        if found.hypersensitivity[0, dose]:
            one.add("reactions", _moment(when, _DURING), "hypersensitivity", "", "infusion stopped")
        elif found.during[0, dose]:
            one.add("reactions", _moment(when, _DURING), _COMMON, "", "")
        if found.after[0, dose]:
            one.add("reactions", _moment(when, _AFTER), _COMMON, "", "")
    if stop is None or not len(regimen.day):
        return
    on = _on(scenario, stop.day).isoformat()
    one.add("plans", on, "", on, stop.reason)
    successor = part.arm.successor
    if successor is not None and stop.reason == part.arm.stop_reason:
        begins = int(regimen.day[-1]) + successor.after_week * WEEK
        if begins <= one.until:
            one.add("treatments", successor.name, "dmt", _on(scenario, begins).isoformat(), "")


def _levels(scenario: Scenario, part: ArmPart, one: _Person, errors: Floats) -> None:
    residual = level_card().residual
    doses = part.regimens[one.at].day
    for number in range(
        scenario.visits.level_every_doses, len(doses), scenario.visits.level_every_doses
    ):
        day = doses[number]
        true = part.fates.free[one.at, [part.fates.column(day)]]
        value = float((true + residual.sd(true) * errors[number, _LEVEL_ERROR])[0])
        shown = f"<{_LLOQ:g}" if value < _LLOQ else _number(value, 1)
        taken = _moment(_on(scenario, day), _SAMPLE)
        lloq = f"{_LLOQ:g}"
        one.add("measurements", taken, v.NATALIZUMAB, shown, "ug/mL", lloq, "", "ELISA", _LAB)


def _antibodies(scenario: Scenario, part: ArmPart, one: _Person, errors: Floats) -> None:
    assay = ASSAYS[scenario.visits.antibody_assay]
    if not len(part.regimens[one.at].day):
        return
    step = scenario.visits.antibody_week
    for day in _visits(step, one, first=step * WEEK):
        column = part.fates.column(day)
        reading = float(
            assay.reading(
                part.fates.titre[one.at, column],
                part.fates.free[one.at, column],
                errors[day // WEEK, _ANTIBODY_ERROR],
                part.fates.parameters,
            )
        )
        limit = f"{assay.cutoff_ng_per_ml:g} ng/mL"
        positive = bool(assay.positive(reading))
        if assay.drug_tolerant:
            value = _number(reading, 1) if positive else f"<{assay.cutoff_ng_per_ml:g}"
            unit = "ng/mL"
        else:
            value, unit = ("positive" if positive else "negative"), ""
        taken = _moment(_on(scenario, day), _SAMPLE)
        one.add("measurements", taken, v.ANTIBODIES, value, unit, "", limit, assay.name, _LAB)


def _blood(
    scenario: Scenario, part: ArmPart, one: _Person, errors: Floats, cells: Mapping[str, Floats]
) -> None:
    for day in _visits(scenario.visits.blood_week, one):
        taken = _moment(_on(scenario, day), _SAMPLE)
        for column, (cell, (test, unit, digits)) in enumerate(_CELLS.items(), start=_CELL_ERROR):
            true = cells[cell][one.at, part.fates.column(day)]
            value = float(reported(true, errors[day // WEEK, column], part.fates.parameters, cell))
            one.add("measurements", taken, test, _number(value, digits), unit, "", "", "", _LAB)


def _disease(scenario: Scenario, part: ArmPart, one: _Person) -> None:
    fates = part.fates
    found = fates.lesions
    step = scenario.visits.mri_week
    before: int | None = None
    for day in (BASELINE_DAY, *_visits(step, one, first=step * WEEK)):
        column = fates.column(day)
        first = column if before is None else before + 1
        new = int(found.new_t2[one.at, first : column + 1].sum())
        grown = int(found.enlarging_t2[one.at, first : column + 1].sum())
        shining = found.gadolinium_of(one.at, column)
        counts = (
            (shining, "", "", "before treatment") if before is None else (shining, new, grown, "")
        )
        one.add("mri", _on(scenario, day).isoformat(), *counts)
        before = column
    for column in np.flatnonzero(fates.relapses[one.at]):
        day = float(fates.day[column])
        if day <= one.until:
            one.add("relapses", _on(scenario, day).isoformat(), "", "")
