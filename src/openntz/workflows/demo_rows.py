"""Rows of studies of a published shape, with the published rates planted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

import numpy as np

from openntz.course import vocabulary as v
from openntz.evidence.registry import Fact, Registry

Row = dict[str, Any]
Tables = dict[str, list[Row]]
Maker = Callable[[np.random.Generator, Registry], Tables]

START: Final = date(2020, 1, 6)
_MONTH: Final = 28
_AGE_YEAR: Final = (20, 55)
_DRUG: Final = "natalizumab"


def on(day: int, clock: str = "") -> str:
    """A day since the start of the study, with a time of day where one is given."""
    text = (START + timedelta(days=day)).isoformat()
    return f"{text}T{clock}" if clock else text


def of(fact: Fact) -> int:
    """The denominator of a fact that is a count 'of' so many people."""
    return int(fact.unit.removeprefix("of "))


def _share(evidence: Registry, name: str) -> float:
    """A planted rate: a per cent, or a count of its denominator."""
    fact = evidence.fact(name)
    return fact.number / (100 if fact.unit == "%" else of(fact))


def _person(g: np.random.Generator, tables: Tables, name: str, arm: str = "") -> None:
    born = START - timedelta(days=int(365.25 * g.uniform(*_AGE_YEAR)))
    sex = "F" if g.random() < 0.7 else "M"
    tables["people"].append(
        {"person": name, "birth_date": born.isoformat(), "sex": sex, "arm": arm,
         "study_start": on(0)}
    )  # fmt: skip


def _doses(tables: Tables, name: str, days: range) -> None:
    for day in days:
        tables["doses"].append(
            {"person": name, "start": on(day, "09:00"), "end": on(day, "10:00"), "dose_mg": "300",
             "route": "IV", "product": _DRUG}
        )  # fmt: skip


def _result(tables: Tables, name: str, taken: str, test: str, value: Any, **more: str) -> None:
    tables["measurements"].append(
        {"person": name, "taken": taken, "test": test, "value": str(value), **more}
    )


def _empty(*names: str) -> Tables:
    return {name: [] for name in ("people", "doses", *names)}


def observation(g: np.random.Generator, evidence: Registry) -> Tables:
    """One dose observed for an hour after its end; each term by its published share."""
    tables = _empty("reactions")
    for i in range(round(evidence.fact("reaction.tehran.people").number)):
        name = f"OBS-{i + 1:03d}"
        _person(g, tables, name)
        _doses(tables, name, range(1))
        for term in ("fatigue", "headache", "cough"):
            if g.random() < _share(evidence, f"reaction.tehran.{term}"):
                after = on(0, f"10:{int(g.integers(5, 60)):02d}")
                tables["reactions"].append(
                    {"person": name, "onset": after, "term": term, "grade": "1"}
                )
    return tables


def troughs(g: np.random.Generator, evidence: Registry) -> Tables:
    """Every 4 weeks, three troughs a person; a published share lies at 10 ug/mL or more."""
    tables = _empty("measurements")
    high = evidence.fact("trough.amsterdam.high")
    cut = evidence.fact("target.trough-10").number
    for i in range(of(high)):
        name = f"TRO-{i + 1:03d}"
        _person(g, tables, name)
        _doses(tables, name, range(0, 10 * _MONTH, _MONTH))
        above = g.random() < _share(evidence, high.id)
        typical = cut * (g.uniform(1.6, 4.0) if above else g.uniform(0.3, 0.7))
        for dose in (6, 7, 8):
            level = typical * np.exp(g.normal(0, 0.12))
            _result(tables, name, on(dose * _MONTH, "08:30"), v.NATALIZUMAB, f"{level:.1f}",
                    unit="ug/mL", lloq="2")  # fmt: skip
    return tables


def wearing_off(g: np.random.Generator, evidence: Registry) -> Tables:
    """Forty people, a fifth with wearing-off; those followed for a year have no activity."""
    tables = _empty("symptoms", "mri", "relapses")
    quiet = evidence.fact("wearing-off.bringeland.no-activity")
    people = round(evidence.fact("wearing-off.bringeland.people").number)
    for i in range(people):
        name = f"WEA-{i + 1:03d}"
        _person(g, tables, name)
        _doses(tables, name, range(0, 24 * _MONTH, _MONTH))
        if g.random() < _share(evidence, "wearing-off.bringeland.regular"):
            tables["symptoms"].append({"person": name, "date": on(20), "symptom": "wearing-off"})
        # People beyond those followed were lost: nobody scanned them again.
        days = (-20, 180, 360) if i < of(quiet) else (-20,)
        active = g.random() >= _share(evidence, quiet.id)
        for day in days:
            lesion = int(active and day == 180)
            tables["mri"].append(
                {"person": name, "date": on(day), "gadolinium_lesions": str(lesion),
                 "new_t2_lesions": str(lesion), "enlarging_t2_lesions": "0"}
            )  # fmt: skip
    return tables


ARMS: Final = {
    "stayed on natalizumab": "stayed",
    "placebo": "placebo",
    "interferon beta": "interferon",
    "glatiramer acetate": "glatiramer",
    "methylprednisolone": "steroid",
}


def restore(g: np.random.Generator, evidence: Registry) -> Tables:
    """A year of natalizumab, then an interruption with scans every 4 weeks."""
    tables = _empty("mri", "treatments", "relapses")
    weeks = round(evidence.fact("restore.interruption").number)
    earliest = round(evidence.fact("restore.mri-recurrence.from").number) * 7
    last = 12 * _MONTH
    for arm, key in ARMS.items():
        fact = evidence.fact(f"restore.mri-recurrence.{key}")
        for i in range(of(fact)):
            name = f"RES-{key}-{i + 1:03d}"
            _person(g, tables, name, arm)
            end = last + weeks * 7
            stays = key == "stayed"
            _doses(tables, name, range(0, (end if stays else last) + 1, _MONTH))
            if key in {"interferon", "glatiramer"}:
                tables["treatments"].append(
                    {"person": name, "name": arm, "kind": "dmt", "start": on(last + _MONTH)}
                )
            back = g.random() < _share(evidence, fact.id)
            since = int(g.integers(earliest, weeks * 7)) if back else end
            for day in (-20, *range(last, end + 1, _MONTH)):
                lesions = int(back and day - last >= since - _MONTH + 1 and day - last >= earliest)
                tables["mri"].append(
                    {"person": name, "date": on(day), "gadolinium_lesions": str(lesions),
                     "new_t2_lesions": str(lesions), "enlarging_t2_lesions": "0"}
                )  # fmt: skip
    return tables
