"""Virtual people as the rows of the eleven tables, in the columns a clinic's export has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from msgspec import Struct
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
_SAMPLE: Final = "T08:30"
_INFUSION: Final = time(9, 0)
_WRITTEN: Final = "T%H:%M"
_DURING: Final = "T09:30"
_AFTER: Final = "T10:30"
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


class _Calendar(Struct, frozen=True, eq=False):
    """Days counted from the first dose as the tables write them; each is written once."""

    start: date
    dates: tuple[str, ...]

    @classmethod
    def of(cls, scenario: Scenario) -> _Calendar:
        days = range(BASELINE_DAY, scenario.days + 1)
        return cls(
            scenario.start,
            tuple((scenario.start + timedelta(days=day)).isoformat() for day in days),
        )

    def on(self, day: float) -> str:
        """A day of the study, or any other."""
        at = int(day) - BASELINE_DAY
        if 0 <= at < len(self.dates):
            return self.dates[at]
        return (self.start + timedelta(days=int(day))).isoformat()

    def at(self, day: float, moment: str) -> str:
        """A moment of a day, from how that moment is written."""
        return self.on(day) + moment


class _Person(Struct, frozen=True):
    """One person while the rows are written."""

    at: int
    name: str
    until: int
    rows: Rows

    def add(self, table: str, *cells: Any) -> None:
        self.rows[table].append((self.name, *cells))


# What a laboratory or a scan found: by person, the day and the cells of each row.
Found = list[list[tuple[int, tuple[Any, ...]]]]


class _Readings(Struct, frozen=True, eq=False):
    """What was found of all people, worked out together: reading each alone takes longer."""

    age: Floats
    onset: Floats
    woman: NDArray[np.bool_]
    weight: Floats
    levels: Found
    antibodies: Found
    blood: Found
    scans: Found
    relapses: list[list[int]]

    @classmethod
    def of(cls, scenario: Scenario, part: ArmPart) -> _Readings:
        crowd, p = part.crowd, part.fates.parameters
        weeks = scenario.days // WEEK + 1
        most = max([weeks, *(len(r.day) + 1 for r in part.regimens)])
        errors = crowd.visits(most, _ERROR_COLUMNS)
        return cls(
            age_year(crowd, p),
            disease_year(crowd, p),
            female(crowd, p),
            weight_kg(crowd),
            _levels(scenario, part, errors),
            _antibodies(scenario, part, errors),
            _blood(scenario, part, errors),
            _scans(scenario, part),
            _relapses(part),
        )


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}"


def rows_of(scenario: Scenario, group: int, part: ArmPart) -> Rows:
    """Rows of some people of an arm, by table, in the order of the columns of ``HEADERS``."""
    rows: Rows = {table: [] for table in HEADERS}
    calendar, readings = _Calendar.of(scenario), _Readings.of(scenario, part)
    for at, number in enumerate(part.crowd.number.tolist()):
        name = f"A{group + 1}-{number + 1:06d}"
        one = _Person(at, name, int(part.seen_until[at]), rows)
        _person(scenario, part, one, calendar, readings)
        _therapy(part, one, calendar)
        for found in (readings.levels, readings.antibodies, readings.blood):
            for day, cells in found[at]:
                if day <= one.until:
                    one.add("measurements", calendar.at(day, _SAMPLE), *cells)
        for day, cells in readings.scans[at]:
            if day <= one.until:
                one.add("mri", calendar.on(day), *cells)
        for day in readings.relapses[at]:
            if day <= one.until:
                one.add("relapses", calendar.on(day), "", "")
    return rows


def _visits(every_week: int, until: int, *, first: int = 0) -> range:
    return range(first, until + 1, every_week * WEEK)


def _person(
    scenario: Scenario, part: ArmPart, one: _Person, calendar: _Calendar, readings: _Readings
) -> None:
    woman = bool(readings.woman[one.at])
    one.add(
        "people",
        calendar.on(-float(readings.age[one.at]) * _YEAR),
        "F" if woman else "M",
        calendar.on(-float(readings.onset[one.at]) * _YEAR),
        part.arm.name,
    )
    weight = readings.weight[one.at]
    for day in _visits(scenario.visits.weight_week, one.until):
        factor = 1.0
        for modifier in part.regimens[one.at].modifiers:
            if isinstance(modifier, WeightChange):
                factor *= float(modifier.weight_factor(np.array([float(day)]))[0])
        taken = calendar.at(day, _SAMPLE)
        one.add("measurements", taken, v.WEIGHT, _number(weight * factor, 1), "kg", *[""] * 4)
    pregnancy = part.arm.pregnancy
    if woman and pregnancy is not None and pregnancy.conception_day <= one.until:
        conception = scenario.start + timedelta(days=pregnancy.conception_day)
        due = conception + timedelta(days=part.fates.parameters["people.pregnancy.length"])
        one.add("pregnancies", conception.isoformat(), due.isoformat(), "", "")


def _therapy(part: ArmPart, one: _Person, calendar: _Calendar) -> None:
    regimen, stop = part.regimens[one.at], part.stops[one.at]
    minutes = registry().fact("forecast.infusion-duration").number
    begins_at = _INFUSION.strftime(_WRITTEN)
    end = datetime.combine(calendar.start, _INFUSION) + timedelta(minutes=minutes)
    ends_at = end.strftime(_WRITTEN)
    for day, interval in part.planned:
        if day <= (one.until if stop is None else stop.day):
            one.add("plans", calendar.on(day), str(interval), "", "")
    days = regimen.day.tolist()
    given = zip(days, regimen.amount_mg.tolist(), regimen.subcutaneous.tolist(), strict=True)
    for day, mg, under_skin in given:
        ended = "" if under_skin else calendar.at(day, ends_at)
        route = "SC" if under_skin else "IV"
        start = calendar.at(day, begins_at)
        one.add("doses", start, ended, f"{mg:g}", route, part.arm.product, "", "clinic", "")
    _reactions(part, one, calendar)
    if stop is None or not days:
        return
    on = calendar.on(stop.day)
    one.add("plans", on, "", on, stop.reason)
    successor = part.arm.successor
    if successor is not None and stop.reason == part.arm.stop_reason:
        begins = int(days[-1]) + successor.after_week * WEEK
        if begins <= one.until:
            one.add("treatments", successor.name, "dmt", calendar.on(begins), "")


def _reactions(part: ArmPart, one: _Person, calendar: _Calendar) -> None:
    found, days = part.reactions[one.at], part.regimens[one.at].day
    some = found.hypersensitivity[0] | found.during[0] | found.after[0]
    for dose in np.flatnonzero(some):
        during = calendar.at(days[dose], _DURING)
        if found.hypersensitivity[0, dose]:
            one.add("reactions", during, "hypersensitivity", "", "infusion stopped")
        elif found.during[0, dose]:
            one.add("reactions", during, _COMMON, "", "")
        if found.after[0, dose]:
            one.add("reactions", calendar.at(days[dose], _AFTER), _COMMON, "", "")


def _levels(scenario: Scenario, part: ArmPart, errors: Floats) -> Found:
    every = scenario.visits.level_every_doses
    whose = [
        (at, number, part.fates.column(regimen.day[number]))
        for at, regimen in enumerate(part.regimens)
        for number in range(every, len(regimen.day), every)
    ]
    found: Found = [[] for _ in part.regimens]
    if not whose:
        return found
    row, dose, column = np.array(whose, np.intp).T
    true = part.fates.free[row, column]
    value = true + level_card().residual.sd(true) * errors[row, dose, _LEVEL_ERROR]
    lloq = f"{_LLOQ:g}"
    rest = ("ug/mL", lloq, "", "ELISA", _LAB)
    for (at, number, _), one in zip(whose, value.tolist(), strict=True):
        shown = f"<{lloq}" if one < _LLOQ else _number(one, 1)
        day = int(part.regimens[at].day[number])
        found[at].append((day, (v.NATALIZUMAB, shown, *rest)))
    return found


def _antibodies(scenario: Scenario, part: ArmPart, errors: Floats) -> Found:
    assay = ASSAYS[scenario.visits.antibody_assay]
    step, fates = scenario.visits.antibody_week, part.fates
    days = np.array(_visits(step, scenario.days, first=step * WEEK), np.intp)
    column = days + fates.column(0)
    reading = assay.reading(
        fates.titre[:, column],
        fates.free[:, column],
        errors[:, days // WEEK, _ANTIBODY_ERROR],
        fates.parameters,
    )
    limit = f"{assay.cutoff_ng_per_ml:g} ng/mL"
    rest = ("", limit, assay.name, _LAB)
    found: Found = []
    for regimen, own, above in zip(
        part.regimens, reading.tolist(), assay.positive(reading).tolist(), strict=True
    ):
        if not len(regimen.day):
            found.append([])
        elif assay.drug_tolerant:
            low = f"<{assay.cutoff_ng_per_ml:g}"
            shown = [_number(one, 1) if yes else low for one, yes in zip(own, above, strict=True)]
            rows = [(v.ANTIBODIES, one, "ng/mL", *rest) for one in shown]
            found.append(list(zip(days.tolist(), rows, strict=True)))
        else:
            words = ["positive" if yes else "negative" for yes in above]
            rows = [(v.ANTIBODIES, one, "", *rest) for one in words]
            found.append(list(zip(days.tolist(), rows, strict=True)))
    return found


def _blood(scenario: Scenario, part: ArmPart, errors: Floats) -> Found:
    days = np.array(_visits(scenario.visits.blood_week, scenario.days), np.intp)
    column = days + part.fates.column(0)
    shown: list[tuple[str, str, list[list[str]]]] = []
    for at, (cell, (test, unit, digits)) in enumerate(_CELLS.items(), start=_CELL_ERROR):
        true = part.fates.cells_on(cell, column)
        value = reported(true, errors[:, days // WEEK, at], part.fates.parameters, cell)
        words = [[_number(one, digits) for one in own] for own in value.tolist()]
        shown.append((test, unit, words))
    return [
        [
            (day, (test, words[row][visit], unit, "", "", "", _LAB))
            for visit, day in enumerate(days.tolist())
            for test, unit, words in shown
        ]
        for row in range(part.crowd.count)
    ]


def _scans(scenario: Scenario, part: ArmPart) -> Found:
    fates, step = part.fates, scenario.visits.mri_week
    lesions = fates.lesions
    shining = lesions.gadolinium(fates.column(BASELINE_DAY)).tolist()
    found: Found = [[(BASELINE_DAY, (n, "", "", "before treatment"))] for n in shining]
    before = fates.column(BASELINE_DAY)
    for day in _visits(step, scenario.days, first=step * WEEK):
        column = fates.column(day)
        window = slice(before + 1, column + 1)
        counts = zip(
            lesions.gadolinium(column).tolist(),
            lesions.new_t2[:, window].sum(axis=1).tolist(),
            lesions.enlarging_t2[:, window].sum(axis=1).tolist(),
            strict=True,
        )
        for own, numbers in zip(found, counts, strict=True):
            own.append((day, (*numbers, "")))
        before = column
    return found


def _relapses(part: ArmPart) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in part.regimens]
    first = int(part.fates.day[0])
    for row, column in np.argwhere(part.fates.relapses).tolist():
        found[row].append(column + first)
    return found
