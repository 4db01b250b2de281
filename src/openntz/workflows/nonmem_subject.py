"""From the rows of a NONMEM-style file to a person whose unknowns can be estimated.

NONMEM's conventions: a record's occasion, and covariates carried backward (NOCB), hold over
the interval that ends at the record; covariates carried forward (LOCF) from it on. A reset
(EVID 3 or 4) and a steady state (SS 1) start anew: nothing given before is left, nor pending.
An observation recorded after a dose at the same time sees that dose.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from openntz.errors import ModelError
from openntz.forecast.likelihood import Kind
from openntz.forecast.subject import Observations, Subject
from openntz.mechanism.plan import Span
from openntz.mechanism.regimen import Schedule
from openntz.models.card import Card
from openntz.records.nonmem_data import NonmemSubject

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_RESET, _RESET_AND_DOSE = 3, 4
_MODELLED_DURATION: Final = -2.0


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A person ready for estimation.

    ``column`` (n,) says which of the subject's times answers each row of the file; ``occasions``
    are the codes of the data in the order of the subject's occasions.
    """

    subject: Subject
    column: Ints
    occasions: tuple[int, ...]


@dataclass(slots=True)
class _Dose:
    start: float
    duration: float
    amount: float
    absorbed: bool
    steady: float = 0.0


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows first to last - 1 of a person, between two resets."""

    first: int
    last: int


def prepare(rows: NonmemSubject, card: Card) -> Prepared:
    """A person's rows as a subject of the card.

    Raises
    ------
    ModelError
        Naming line and remedy, when the card cannot take a dose or a covariate.
    """
    time = rows.time * card.data_units.day_per_time
    given = _covariates(rows, card)
    codes = tuple(int(c) for c in dict.fromkeys(rows.occasion.tolist()))
    occasion = np.array([codes.index(int(c)) for c in rows.occasion])
    spans, columns = [], np.zeros(len(time), np.int64)
    covariates: dict[str, list[Array]] = {name: [] for name in given}
    occasions: list[Ints] = []
    asked = 0
    for part in _parts(rows):
        span, column, first, before = _span(rows, card, time, part, given, occasion)
        spans.append(span)
        columns[part.first : part.last] = asked + column
        asked += len(span.time_day)
        for item in card.covariates:
            if item.name in given:
                at = first if item.carry == "nocb" else before
                covariates[item.name].append(given[item.name][at])
        occasions.append(occasion[first])
    used = rows.mdv == 0
    subject = Subject(
        id=rows.id,
        spans=tuple(spans),
        covariates={name: np.concatenate(parts) for name, parts in covariates.items()},
        occasion=np.concatenate(occasions),
        raised=np.zeros(sum(len(s.segment_day) for s in spans)),
        observations=Observations.levels(
            columns[used], _levels(rows, card)[used], _kinds(rows)[used]
        ),
    )
    card.population(subject.covariates | _stand_ins(card, subject))
    return Prepared(subject, columns, codes)


def _stand_ins(card: Card, subject: Subject) -> Mapping[str, Array]:
    """Values for covariates that are not known, so that the others can be checked.

    Raises
    ------
    ModelError
        When the card refuses people without one.
    """
    found = {}
    for item in card.covariates:
        if item.name in subject.covariates:
            continue
        if item.missing == "refuse":
            raise ModelError(
                f"{item.name} is not known.",
                where=f"person {subject.id}",
                remedy=f"Give column {item.column}, or leave the person out.",
            )
        value = item.reference if item.reference is not None else item.median
        found[item.name] = np.full(len(subject.occasion), value)
    return found


def _levels(rows: NonmemSubject, card: Card) -> Array:
    """Readings in ug/mL; limits for censored ones."""
    units = card.data_units
    value = np.where(rows.censored != 0, rows.limit, rows.dv)
    if units.levels == "ln":
        value = np.exp(value)
    return value * units.mg_per_l_per_concentration


def _kinds(rows: NonmemSubject) -> Ints:
    kind = np.full(len(rows.censored), int(Kind.QUANTIFIED))
    kind[rows.censored > 0] = Kind.BELOW
    kind[rows.censored < 0] = Kind.ABOVE
    return kind


def _covariates(rows: NonmemSubject, card: Card) -> dict[str, Array]:
    """The card's covariates by row, gaps filled along their rule; unknown ones left out."""
    names = {name.casefold(): name for name in rows.covariates}
    found = {}
    for item in card.covariates:
        column = names.get(item.column.casefold())
        if column is None:
            continue
        value = rows.covariates[column]
        known = np.flatnonzero(~np.isnan(value))
        if len(known):
            every = np.arange(len(value))
            after = np.minimum(np.searchsorted(known, every, side="left"), len(known) - 1)
            before = np.maximum(np.searchsorted(known, every, side="right") - 1, 0)
            found[item.name] = value[known[after if item.carry == "nocb" else before]]
    return found


def _parts(rows: NonmemSubject) -> Sequence[_Rows]:
    starts = (rows.evid == _RESET) | (rows.evid == _RESET_AND_DOSE) | (rows.ss == 1)
    cuts = [0, *(int(i) for i in np.flatnonzero(starts) if i > 0), len(rows.time)]
    return [_Rows(a, b) for a, b in itertools.pairwise(cuts)]


def _span(
    rows: NonmemSubject,
    card: Card,
    time: Array,
    part: _Rows,
    given: Mapping[str, Array],
    occasion: Ints,
) -> tuple[Span, Ints, Ints, Ints]:
    """The span of some rows, its column per row, and each segment's row (NOCB, LOCF)."""
    own = np.arange(part.first, part.last)
    moments, first_at = np.unique(time[own], return_index=True)
    first = own[first_at]
    last = np.append(first[1:], part.last) - 1
    before = np.concatenate([first[:1], last[:-1]])
    doses = [d for i in own for d in _doses(rows, card, time, int(i), part)]
    seen_after = _after_a_dose(rows, own)
    # A covariate carried forward holds from its record on, the record's own level included.
    carried = np.isin(time[own], moments[_carried(card, given, first, before)])
    asked = np.where(seen_after | carried, np.nextafter(time[own], np.inf), time[own])
    # What is asked for just after a dose still belongs to the interval that ends there.
    edge = moments.copy()
    touched = np.isin(moments, time[own][seen_after & ~carried])
    edge[touched] = np.nextafter(np.nextafter(edge[touched], np.inf), np.inf)
    changes = _changes(card, given, occasion, first, before)
    keep = np.flatnonzero(changes)
    segment_day = np.concatenate([[-np.inf], edge[keep[1:] - 1]])
    index = np.searchsorted(keep, np.searchsorted(moments, [d.start for d in doses]), "right") - 1
    schedule = Schedule(
        start_day=np.array([d.start for d in doses]),
        duration_day=np.array([d.duration for d in doses]),
        amount_mg=np.array([d.amount for d in doses]),
        subcutaneous=np.array([d.absorbed for d in doses], bool),
        steady_interval_day=np.array([d.steady for d in doses]),
        segment=np.minimum(index, len(keep) - 1).astype(np.int64),
    )
    column = np.arange(len(own))
    return Span(schedule, segment_day, asked), column, first[keep], before[keep]


def _changes(
    card: Card, given: Mapping[str, Array], occasion: Ints, first: Ints, before: Ints
) -> NDArray[np.bool_]:
    """Which intervals differ from the one before in a covariate or the occasion."""
    changed = np.zeros(len(first), bool)
    changed[0] = True
    for item in card.covariates:
        if item.name in given:
            value = given[item.name][first if item.carry == "nocb" else before]
            changed[1:] |= value[1:] != value[:-1]
    if card.kappa_names:
        changed[1:] |= occasion[first][1:] != occasion[first][:-1]
    return changed


def _carried(
    card: Card, given: Mapping[str, Array], first: Ints, before: Ints
) -> NDArray[np.bool_]:
    """Moments at which a covariate that is carried forward changes."""
    found = np.zeros(len(first), bool)
    for item in card.covariates:
        if item.name in given and item.carry == "locf":
            found[:-1] |= given[item.name][before[1:]] != given[item.name][before[:-1]]
    return found


def _after_a_dose(rows: NonmemSubject, own: Ints) -> NDArray[np.bool_]:
    """Rows whose time is that of a dose recorded at or before them."""
    dosed = (rows.evid[own] == 1) | (rows.evid[own] == _RESET_AND_DOSE)
    found = dosed.copy()
    for i in range(1, len(own)):
        if rows.time[own[i]] == rows.time[own[i - 1]]:
            found[i] |= found[i - 1]
    return found


def _doses(rows: NonmemSubject, card: Card, time: Array, i: int, part: _Rows) -> Sequence[_Dose]:
    """The doses of a row, further ones up to the end of its span.

    Raises
    ------
    ModelError
        When the card has no such compartment, or the dose cannot be taken there.
    """
    if rows.evid[i] not in (1, _RESET_AND_DOSE):
        return ()
    units = card.data_units
    absorbed, rate = _route(rows, card, i), float(rows.rate[i])
    amount = float(rows.amt[i]) * units.mg_per_dose
    ii = float(rows.ii[i]) * units.day_per_time
    duration = 0.0
    steady = ii if rows.ss[i] == 1 else 0.0
    if rate > 0.0 and rows.amt[i] > 0.0:
        duration = float(rows.amt[i]) / rate * units.day_per_time
    elif rate > 0.0:
        amount, steady = rate * units.mg_per_dose / units.day_per_time, np.inf
    end = time[part.last - 1]
    count = int(rows.addl[i])
    if ii > 0.0:
        count = min(count, max(0, int(np.floor((end - time[i]) / ii))))
    starts = time[i] + ii * np.arange(count + 1)
    doses = [_Dose(float(t), duration, amount, absorbed) for t in starts]
    doses[0].steady = steady
    return doses


def _route(rows: NonmemSubject, card: Card, i: int) -> bool:
    units, cmt, rate = card.data_units, int(rows.cmt[i]), float(rows.rate[i])
    where = f"person {rows.id}, line {rows.line[i]}"
    zero_order = card.structure.absorption == "zero-order"
    if rate == _MODELLED_DURATION:
        if zero_order:
            return True
        raise ModelError(
            "RATE -2 asks for a modelled duration, which the card does not have.",
            where=where,
            remedy="Use a card with zero-order absorption, or give the rate.",
        )
    absorbed = units.depot is not None and cmt in (0, units.depot)
    if not absorbed and cmt not in (0, units.central):
        raise ModelError(
            f"a dose into compartment {cmt}, which the card does not have.",
            where=where,
            remedy=f"The central compartment is {units.central}"
            + (f", the depot {units.depot}." if units.depot is not None else "."),
        )
    if absorbed and rate > 0.0:
        raise ModelError(
            "an infusion into the depot.",
            where=where,
            remedy=f"Give CMT {units.central} for an infusion into a vein, or RATE 0.",
        )
    return absorbed
