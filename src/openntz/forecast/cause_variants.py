"""Courses other than the record says, that would explain a level: dose, weight, antibodies."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from openntz.forecast.causes import ANTIBODIES, DOSE, WEIGHT_CHANGE, CauseSettings, Variant
from openntz.forecast.history import History
from openntz.forecast.subject import Subject
from openntz.mechanism.plan import Span
from openntz.mechanism.regimen import Schedule

Array = NDArray[np.float64]

_YEAR_DAYS = 365.25
# With more levels, not every gap between two can be told apart at a bearable price.
_MOST_EDGES = 8


class Recorded(Struct, frozen=True, eq=False):
    """What the variants start from: the person, level times (m,), days of weighing (w,)."""

    subject: Subject
    history: History
    level_day: Array
    weighed_day: Array


def _from(subject: Subject, day: float) -> tuple[Subject, NDArray[np.bool_]]:
    """The person with a covariate segment that starts at ``day``, and which start from there on."""
    (span,) = subject.spans
    cuts = np.union1d(span.segment_day, [day])
    source = np.searchsorted(span.segment_day, cuts, side="right") - 1
    source = np.maximum(source, 0)
    changed = replace(
        subject,
        spans=(Span(span.schedule, cuts, span.time_day),),
        covariates={name: values[source] for name, values in subject.covariates.items()},
        occasion=subject.occasion[source],
        raised=subject.raised[source],
    )
    return changed, cuts >= day


def _with_doses(subject: Subject, schedule: Schedule) -> Subject:
    (span,) = subject.spans
    return replace(subject, spans=(Span(schedule, span.segment_day, span.time_day),))


def dose_variants(
    recorded: Recorded, chosen: Sequence[int], settings: CauseSettings
) -> Iterator[Variant]:
    """The dose before each of the ``chosen`` levels not given, or moved by some days."""
    doses = recorded.history.schedule
    start = doses.start_day
    # A level at the very start of a dose is the trough before it.
    before = np.searchsorted(start, recorded.level_day, side="left") - 1
    for dose in sorted({int(before[i]) for i in chosen} - {-1}):
        touched = before == dose
        kept = np.arange(len(start)) != dose
        without = Schedule(
            start_day=start[kept],
            duration_day=doses.duration_day[kept],
            amount_mg=doses.amount_mg[kept],
            subcutaneous=doses.subcutaneous[kept],
        )
        moves = [
            s for s in settings.dose_shifts_days if _fits_between(start, dose, s, recorded, touched)
        ]
        missing = settings.not_given_share if moves else 1.0
        yield Variant(
            DOSE, settings.dose * missing, _with_doses(recorded.subject, without), touched
        )
        for shift in moves:
            moved = Schedule(
                start_day=np.where(kept, start, start + shift),
                duration_day=doses.duration_day,
                amount_mg=doses.amount_mg,
                subcutaneous=doses.subcutaneous,
            )
            share = (1 - missing) / len(moves)
            yield Variant(
                DOSE, settings.dose * share, _with_doses(recorded.subject, moved), touched
            )


def _fits_between(
    start: Array, dose: int, shift: float, recorded: Recorded, touched: NDArray[np.bool_]
) -> bool:
    """Whether a moved dose stays a day or more after the one before and before the level."""
    day = float(start[dose] + shift)
    # Nothing is known of the time before the first dose's day.
    after_last = day >= (start[dose - 1] + 1 if dose else 0.0)
    return after_last and day <= float(recorded.level_day[touched].min()) - 1


def antibody_variants(
    recorded: Recorded, chosen: Sequence[int], settings: CauseSettings
) -> Iterator[Variant]:
    """Antibodies that the record does not have, or not yet.

    One variant per gap between the levels that tell them apart in which they may begin and,
    if they pass, end. Where the record has antibodies, they may have begun before it.
    """
    days, first = np.unique(recorded.level_day), float(recorded.history.schedule.start_day[0])
    raised = recorded.subject.raised > 0
    if raised.any():
        known = float(recorded.subject.spans[0].segment_day[raised][0])
        edges = _edges(days[days < known], chosen, recorded)
        yield from _begun_before(recorded, edges, known, settings)
        return
    edges = _edges(days, chosen, recorded)
    prior, last = settings.antibodies, float(edges[-1] - first)
    for k, (begin, end) in enumerate(itertools.pairwise(edges)):
        onset = float(begin + end) / 2
        chance = float(prior.by(end - first, last) - prior.by(begin - first, last))
        gone = prior.gone_by(np.maximum(edges[k + 1 :] - onset, 0.0))
        ends = zip(itertools.pairwise(edges[k + 1 :]), np.diff(gone), strict=True)
        for (early, late), passed in ends:
            over = float(early + late) / 2
            yield _raised(
                recorded,
                onset,
                over,
                chance * prior.transient * float(passed),
                settings.recovery_days,
            )
        lasting = prior.persistent + prior.transient * float(1 - gone[-1])
        yield _raised(recorded, onset, np.inf, chance * lasting, settings.recovery_days)


def _edges(days: Array, chosen: Sequence[int], recorded: Recorded) -> Array:
    """First dose, and the levels that tell onsets apart.

    All of them, or, where there are many, those around the chosen ones and some of the others
    at even distances.
    """
    first = float(recorded.history.schedule.start_day[0])
    if not len(days):
        return np.array([first])
    around = np.array([-1, 0, 1])
    near = [np.searchsorted(days, recorded.level_day[i]) + around for i in chosen]
    spread = np.linspace(0, len(days) - 1, _MOST_EDGES).round().astype(np.intp)
    kept = np.unique(np.concatenate([*near, spread]))
    kept = kept[(kept >= 0) & (kept < len(days))]
    return np.unique([first, *np.maximum(days[kept], first)])


def _raised(
    recorded: Recorded, onset: float, end: float, chance: float, recovery: float
) -> Variant:
    subject, later = _from(recorded.subject, onset)
    if np.isfinite(end):
        subject, _ = _from(subject, end)
        later = subject.spans[0].segment_day >= onset
    own = later & (subject.spans[0].segment_day < end)
    touched = (recorded.level_day > onset) & (recorded.level_day < end + recovery)
    return Variant(
        ANTIBODIES, chance, replace(subject, raised=np.where(own, 1.0, subject.raised)), touched
    )


def _begun_before(
    recorded: Recorded, edges: Array, known: float, settings: CauseSettings
) -> Iterator[Variant]:
    """Recorded antibodies that began in an earlier gap; in the last one no level tells."""
    prior, last = settings.antibodies, known - float(edges[0])
    if last <= 0:
        return
    for begin, end in itertools.pairwise(edges):
        share = prior.by(end - edges[0], last) - prior.by(begin - edges[0], last)
        onset = float(begin + end) / 2
        yield _raised(recorded, onset, known, float(share / prior.by(last, last)), 0.0)


def weight_variants(
    recorded: Recorded, chosen: Sequence[int], settings: CauseSettings
) -> Iterator[Variant]:
    """Weight up or down half way between the last weighing and a level, until the next weighing.

    None where no weight is recorded, or the model does not use it.
    """
    if "weight" not in recorded.subject.covariates:
        return
    weighed = np.sort(recorded.weighed_day)
    done = set()
    for i in chosen:
        day = float(recorded.level_day[i])
        last = int(np.searchsorted(weighed, day)) - 1
        if last < 0 or last in done:
            continue
        done.add(last)
        change = float(weighed[last] + day) / 2
        until = float(weighed[last + 1]) if last + 1 < len(weighed) else np.inf
        chance = settings.weight_per_year * min((day - weighed[last]) / _YEAR_DAYS, 1.0)
        subject, later = _from(recorded.subject, change)
        own = later & (subject.spans[0].segment_day < until)
        weight = subject.covariates["weight"]
        touched = (recorded.level_day > change) & (recorded.level_day < until)
        for z in (-1, 1):
            factor = np.where(own, np.exp(z * settings.weight_log_sd), 1.0)
            yield Variant(WEIGHT_CHANGE, chance / 2, subject.known(weight=weight * factor), touched)
