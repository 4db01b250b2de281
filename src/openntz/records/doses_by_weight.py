"""Doses written in mg/kg become mg with the weight that was known on their day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from openntz.course.events import Dose, Event, Measurement
from openntz.course.vocabulary import WEIGHT
from openntz.records.limits import Limits
from openntz.records.problems import CellError, Log


class DosePerKg(Dose, frozen=True, kw_only=True):
    """A dose as it was written, its amount in mg/kg: it is never part of a course."""


_FIELDS: Final = Dose.__struct_fields__


def _as_mg(dose: DosePerKg, amount: float) -> Dose:
    known: dict[str, Any] = {name: getattr(dose, name) for name in _FIELDS}
    return Dose(**{**known, "amount_mg": amount})


def in_mg(dose: DosePerKg, measurements: Sequence[Event], limits: Limits, log: Log) -> Dose:
    """The dose in mg with the last weight on or before its day, which is said.

    Parameters
    ----------
    measurements : sequence
        All results of the person in time order.

    Raises
    ------
    CellError
        When no weight is known by then, or the amount cannot be right.
    """
    written = f"{dose.amount_mg:g} mg/kg"
    known = [
        m
        for m in measurements
        if isinstance(m, Measurement) and m.test == WEIGHT and m.value is not None
        and not m.censor and m.day <= dose.day
    ]  # fmt: skip
    if not known:
        raise CellError(
            "dose_mg",
            written,
            "no weight is known on or before the day of this dose.",
            "Record the weight in measurements, or give the amount in mg.",
        )
    weight = known[-1]
    amount = dose.amount_mg * (weight.value or 0.0)
    if not limits.dose_mg.holds(amount):
        raise CellError(
            "dose_mg",
            written,
            f"with {weight.value:g} kg of {weight.day} this is {amount:g} mg, which cannot be right"
            f" (possible: {limits.dose_mg.text}).",
            "Check amount, unit and weight.",
        )
    log.note(
        "assumed",
        "doses",
        "dose_mg",
        written,
        "Doses in mg/kg are used in mg with the last weight on or before their day.",
        "Give the amount in mg.",
    ).add(dose.ref.line)
    return _as_mg(dose, amount)
