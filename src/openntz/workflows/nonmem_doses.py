"""Doses of a NONMEM-style file: ADDL written out, routes, rates, steady states."""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.models.card import Card
from openntz.records.nonmem_data import NonmemSubject

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_DOSES: Final = (1, 4)
_MODELLED_DURATION: Final = -2.0
# Rounding of its time does not put a further dose behind the end, nor beside a record of its time.
_ROUNDING: Final = 1e-9


class RowError(Exception):
    """Why a person cannot be estimated: line, column and value of the file, with the remedy."""

    def __init__(self, line: int, column: str, value: str, reason: str, remedy: str) -> None:
        self.line, self.column, self.value = line, column, value
        self.reason, self.remedy = reason, remedy
        super().__init__(line, column, value, reason, remedy)


class Doses(Struct, frozen=True, eq=False):
    """Doses of some rows, each (d,): day, duration (day), amount (mg), whether absorbed.

    ``steady`` is the interval of the steady state a dose meets, 0 without one, infinite for a
    constant infusion, whose ``amount`` is that of a day. ``further`` are those ADDL stands for.
    """

    start: Array
    duration: Array
    amount: Array
    absorbed: Mask
    steady: Array
    further: Mask

    def further_at(self, day: Array) -> Mask:
        """Which moments (n,) are those of a dose that ADDL stands for."""
        return np.isin(day, self.start[self.further])


def dosed(rows: NonmemSubject) -> Mask:
    """Which rows (n,) give a dose."""
    return (rows.evid == _DOSES[0]) | (rows.evid == _DOSES[1])


def doses_of(rows: NonmemSubject, card: Card, time: Array, given: Ints, end: float) -> Doses:
    """The doses of the rows ``given``, further ones up to day ``end``.

    Raises
    ------
    RowError
        When the card has no such compartment, or the dose cannot be taken there.
    """
    units = card.data_units
    absorbed = absorbed_rows(rows, card, given)
    amt, rate = rows.amt[given], rows.rate[given]
    interval = rows.ii[given] * units.day_per_time
    infused = rate > 0.0
    endless = infused & (amt == 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        duration = np.where(infused, amt / rate * units.day_per_time, 0.0)
        room = np.floor((end - time[given]) / interval + _ROUNDING)
    amount = np.where(
        endless, rate * units.mg_per_dose / units.day_per_time, amt * units.mg_per_dose
    )
    steady = np.where(rows.ss[given] == 1, np.where(endless, np.inf, interval), 0.0)
    further = np.where(interval > 0.0, np.minimum(rows.addl[given], np.maximum(room, 0.0)), 0.0)
    count = further.astype(np.int64) + 1
    which = np.repeat(np.arange(len(given)), count)
    nth = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    return Doses(
        start=_on_records(time[given][which] + interval[which] * nth, time),
        duration=duration[which],
        amount=amount[which],
        absorbed=absorbed[which],
        steady=np.where(nth == 0, steady[which], 0.0),
        further=nth > 0,
    )


def _on_records(start: Array, time: Array) -> Array:
    """Dose times (d,), those that only rounding keeps from the time of a record put on it."""
    if not len(start):
        return start
    records = np.unique(time)
    right = np.minimum(np.searchsorted(records, start), len(records) - 1)
    left = np.maximum(right - 1, 0)
    closer = np.abs(records[left] - start) < np.abs(records[right] - start)
    nearest = records[np.where(closer, left, right)]
    return np.where(
        np.abs(nearest - start) <= _ROUNDING * np.maximum(np.abs(start), 1.0), nearest, start
    )


def absorbed_rows(rows: NonmemSubject, card: Card, given: Ints) -> Mask:
    """Which of the dose rows ``given`` go where absorption starts.

    Raises
    ------
    RowError
        As ``doses_of``.
    """
    units = card.data_units
    cmt, rate = rows.cmt[given], rows.rate[given]
    modelled = rate == _MODELLED_DURATION
    if card.structure.absorption != "zero-order":
        for i in given[modelled][:1]:
            raise RowError(
                *(int(rows.line[i]), "RATE", "-2"),
                "asks for a modelled duration, which the card does not have.",
                "Use a card with zero-order absorption, or give the rate.",
            )
    depot = np.zeros(len(given), bool)
    if units.depot is not None:
        # Without a compartment, what takes time to run in runs into a vein.
        depot = ~modelled & ((cmt == units.depot) | ((cmt == 0) & (rate == 0.0)))
    for i in given[~depot & ~modelled & (cmt != 0) & (cmt != units.central)][:1]:
        own = f" and the depot {units.depot}" if units.depot is not None else ""
        raise RowError(
            *(int(rows.line[i]), "CMT", str(rows.cmt[i])),
            "a dose into a compartment the card does not have.",
            f"The central compartment is {units.central}{own}.",
        )
    for i in given[depot & (rate > 0.0)][:1]:
        raise RowError(
            *(int(rows.line[i]), "CMT", str(rows.cmt[i])),
            "an infusion into the depot.",
            f"Give CMT {units.central} for an infusion into a vein, or RATE 0.",
        )
    return depot | modelled
