"""From the rows of a NONMEM-style file to a person whose unknowns can be estimated.

NONMEM's conventions: a record's occasion, and covariates carried backward (NOCB), hold over
the interval that ends at the record; covariates carried forward (LOCF) from it on. A reset
(EVID 3 or 4) and a steady state (SS 1) start anew: nothing given before is left, nor pending.
An observation recorded after a dose at the same time sees that dose, and so does one at the
time of a dose that ADDL stands for, whose record comes before.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from openntz.evidence.registry import registry
from openntz.forecast.likelihood import Kind
from openntz.forecast.subject import Observations, Subject
from openntz.mechanism.plan import Span
from openntz.mechanism.regimen import Schedule
from openntz.models.card import Card
from openntz.models.covariate_model import CovariateInput
from openntz.records.nonmem_data import NonmemSubject
from openntz.workflows.nonmem_doses import RowError, dosed, doses_of
from openntz.workflows.nonmem_impossible import too_high, too_low

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_RESET: Final = 3
_RESET_AND_DOSE: Final = 4


class Prepared(Struct, frozen=True, eq=False):
    """A person ready for estimation.

    ``column`` (n,) says which of the subject's times answers each row of the file; ``occasions``
    are the codes of the data in the order of the subject's occasions; ``given`` the covariates
    (n,) by row, gaps filled; ``notes`` what was assumed; ``used`` (n,) says which levels
    are fitted, ``unused`` why others that were meant to be are not.
    """

    subject: Subject
    column: Ints
    occasions: tuple[int, ...]
    given: Mapping[str, Array]
    notes: tuple[str, ...]
    used: NDArray[np.bool_]
    unused: tuple[RowError, ...]

    def noted(self, notes: tuple[str, ...]) -> Prepared:
        """The same person with further notes."""
        return replace(self, notes=(*self.notes, *notes)) if notes else self


class _Rows(Struct, frozen=True):
    """Rows first to last - 1 of a person, between two resets."""

    first: int
    last: int


def prepare(rows: NonmemSubject, card: Card) -> Prepared:
    """A person's rows as a subject of the card; the values of covariates are not judged.

    Raises
    ------
    RowError
        When the card cannot take a dose, or needs a covariate that is not known.
    """
    time = rows.time * card.data_units.day_per_time
    given, notes = _covariates(rows, card)
    occasion, codes = _occasions(rows)
    spans, columns = [], np.zeros(len(time), np.int64)
    covariates: dict[str, list[Array]] = {name: [] for name in given}
    occasions: list[Ints] = []
    met_further: list[int] = []
    asked = 0
    for part in _parts(rows):
        span, column, first, before, met = _span(rows, card, time, part, given, occasion)
        met_further += [int(rows.line[i]) for i in met if rows.mdv[i] == 0]
        spans.append(span)
        columns[part.first : part.last] = asked + column
        asked += len(span.time_day)
        for item in card.covariates:
            if item.name in given:
                at = first if item.carry == "nocb" else before
                covariates[item.name].append(given[item.name][at])
        occasions.append(occasion[first])
    used, unused = _usable(rows, card)
    high, highest = too_high(rows, card, spans, given)
    shown = f"{highest:.4g} {card.data_units.concentration}"
    unused = (*unused, *(_impossible(rows, int(i), shown) for i in np.flatnonzero(used & high)))
    used = used & ~high
    level = np.where(rows.censored != 0, rows.limit, rows.dv)
    subject = Subject(
        id=rows.id,
        spans=tuple(spans),
        covariates={name: np.concatenate(parts) for name, parts in covariates.items()},
        occasion=np.concatenate(occasions),
        raised=np.zeros(sum(len(s.segment_day) for s in spans)),
        observations=Observations.levels(
            columns[used],
            level[used] * card.data_units.mg_per_l_per_concentration,
            _kinds(rows)[used],
        ),
    )
    notes += _elsewhere(rows, card, used)
    if met_further:
        notes.append(
            "Levels at the time of a dose that ADDL stands for are taken as drawn after it, lines "
            f"{', '.join(map(str, met_further))}. Write the dose as a row to say otherwise."
        )
    return Prepared(subject, columns, codes, given, tuple(notes), used, unused)


def _occasions(rows: NonmemSubject) -> tuple[Ints, tuple[int, ...]]:
    """Occasion of each row, counted from 0 as they come, and their codes."""
    if (rows.occasion == rows.occasion[0]).all():
        return np.zeros(len(rows.occasion), np.int64), (int(rows.occasion[0]),)
    codes = tuple(int(c) for c in dict.fromkeys(rows.occasion.tolist()))
    place = {code: i for i, code in enumerate(codes)}
    return np.array([place[int(c)] for c in rows.occasion]), codes


def _usable(rows: NonmemSubject, card: Card) -> tuple[NDArray[np.bool_], tuple[RowError, ...]]:
    """The rows (n,) whose level is fitted, and why other levels are not.

    Where the error shrinks with the prediction, a level before any drug has no density: one
    such level would drown all others. A level of 0 there says what the model says, nothing more.
    """
    used = rows.mdv == 0
    number = used & (rows.censored == 0)
    faults = []
    if card.residual.on_log_scale:
        for i in np.flatnonzero(number & (rows.dv <= 0.0)):
            faults.append(
                _unfit(rows, int(i), "has no logarithm, which the card's error asks for.")
            )
            used[i] = False
    else:
        why = "is farther below zero than the card's error allows, and cannot be true."
        for i in np.flatnonzero(number & too_low(rows, card)):
            faults.append(_unfit(rows, int(i), why))
            used[i] = False
    if card.residual.on_log_scale or card.residual.variance(0.0) == 0.0:
        for i in np.flatnonzero(used & number & _before_any_drug(rows)):
            if rows.dv[i] != 0.0:
                faults.append(
                    _unfit(rows, int(i), "stands before any dose, where the model has none.")
                )
            used[i] = False
    return used, tuple(faults)


def _unfit(rows: NonmemSubject, i: int, why: str) -> RowError:
    return RowError(
        *(int(rows.line[i]), "DV", f"{rows.dv[i]:g}"),
        f"the level {why} It is not used for fitting.",
        "Check dose and sampling times; mark a level below the limit with CENS, or set MDV to 1.",
    )


def _impossible(rows: NonmemSubject, i: int, highest: str) -> RowError:
    level = rows.limit[i] if rows.censored[i] < 0 else rows.dv[i]
    factor = registry().fact("estimate.impossible-factor").number
    return RowError(
        *(int(rows.line[i]), "DV", f"{level:g}"),
        f"the level cannot be true: it is above {highest}, {factor:g} times what all doses of the "
        "person at once could make. It is not used for fitting.",
        "Check the units of DV and AMT in the card and the file, and the sample; mend the level, "
        "or set MDV to 1.",
    )


def _before_any_drug(rows: NonmemSubject) -> NDArray[np.bool_]:
    """Rows (n,) recorded before the first dose since the start or the last reset."""
    doses = np.cumsum(dosed(rows))
    emptied = np.maximum.accumulate(np.where(rows.evid == _RESET, doses, 0))
    return doses == emptied


def _elsewhere(rows: NonmemSubject, card: Card, used: NDArray[np.bool_]) -> list[str]:
    """What is assumed of compartments."""
    units, found = card.data_units, []
    other = rows.cmt[used & (rows.cmt != 0) & (rows.cmt != units.central)]
    if len(other):
        found.append(
            f"Levels of compartment {other[0]} are taken as those of the central one, "
            f"{units.central}."
        )
    if units.depot is not None and (dosed(rows) & (rows.cmt == 0) & (rows.rate > 0.0)).any():
        found.append("Infusions without a compartment (CMT) are taken as given into a vein.")
    return found


def _kinds(rows: NonmemSubject) -> Ints:
    kind = np.full(len(rows.censored), int(Kind.QUANTIFIED))
    kind[rows.censored > 0] = Kind.BELOW
    kind[rows.censored < 0] = Kind.ABOVE
    return kind


def _covariates(rows: NonmemSubject, card: Card) -> tuple[dict[str, Array], list[str]]:
    """The card's covariates by row, gaps filled along their rule; unknown ones left out."""
    if not card.covariates:
        return {}, []
    names = {name.casefold(): name for name in rows.covariates}
    found: dict[str, Array] = {}
    notes: list[str] = []
    for item in card.covariates:
        column = names.get(item.column.casefold())
        value = rows.covariates[column] if column is not None else np.full(1, np.nan)
        gaps = np.isnan(value)
        if gaps.all():
            notes.append(_unknown(item, rows))
            continue
        if gaps.any():
            known, every = np.flatnonzero(~gaps), np.arange(len(value))
            after = np.minimum(np.searchsorted(known, every, side="left"), len(known) - 1)
            before = np.maximum(np.searchsorted(known, every, side="right") - 1, 0)
            nearest = known[after if item.carry == "nocb" else before]
            value = value[nearest]
            way = "next" if item.carry == "nocb" else "last"
            notes.append(
                f"{item.column} is missing in {gaps.sum()} of {len(gaps)} rows; "
                f"the {way} known value stands there."
            )
        found[item.name] = value
    return found, notes


def _unknown(item: CovariateInput, rows: NonmemSubject) -> str:
    """What is made of a covariate that nothing is known of.

    Raises
    ------
    RowError
        When the card refuses people without it.
    """
    if item.missing == "refuse":
        raise RowError(
            *(int(rows.line[0]), item.column, ""),
            f"the covariate {item.name} ({item.unit}) is not known in any row of this person.",
            f"Give column {item.column}, or leave the person out.",
        )
    if item.missing == "distribution":
        return f"{item.column} is not known; it is estimated from the distribution of the card."
    return f"{item.column} is not known; the reference {item.reference:g} {item.unit} stands in."


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
) -> tuple[Span, Ints, Ints, Ints, Ints]:
    """The span of some rows, its column per row, each segment's row (NOCB, LOCF).

    Last the rows at the time of a dose that ADDL stands for.
    """
    own = np.arange(part.first, part.last)
    moments, first_at = np.unique(time[own], return_index=True)
    first = own[first_at]
    last = np.append(first[1:], part.last) - 1
    before = np.concatenate([first[:1], last[:-1]])
    doses = doses_of(rows, card, time, own[dosed(rows)[own]], float(time[part.last - 1]))
    met = doses.further_at(time[own])
    seen_after = _after_a_dose(rows, own) | met
    # A covariate carried forward holds from its record on, the record's own level included.
    place = np.searchsorted(moments, time[own])
    carried = _carried(card, given, first, before)[place]
    asked = np.where(seen_after | carried, np.nextafter(time[own], np.inf), time[own])
    # What is asked for just after a dose still belongs to the interval that ends there.
    edge = moments.copy()
    touched = place[seen_after & ~carried]
    edge[touched] = np.nextafter(np.nextafter(edge[touched], np.inf), np.inf)
    changes = _changes(card, given, occasion, first, before)
    keep = np.flatnonzero(changes)
    segment_day = np.concatenate([[-np.inf], edge[keep[1:] - 1]])
    # A dose has F, lag and duration of its own record, whichever way covariates are carried.
    forward = all(item.carry == "locf" for item in card.covariates) and not card.kappa_names
    interval = np.searchsorted(moments, doses.start, "right" if forward else "left")
    index = np.searchsorted(keep, interval, "right") - 1
    schedule = Schedule(
        start_day=doses.start,
        duration_day=doses.duration,
        amount_mg=doses.amount,
        subcutaneous=doses.absorbed,
        steady_interval_day=doses.steady,
        segment=np.minimum(index, len(keep) - 1).astype(np.int64),
    )
    column = np.arange(len(own))
    return Span(schedule, segment_day, asked), column, first[keep], before[keep], own[met]


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
    found = dosed(rows)[own]
    for i in np.flatnonzero(rows.time[own[1:]] == rows.time[own[:-1]]) + 1:
        found[i] |= found[i - 1]
    return found
