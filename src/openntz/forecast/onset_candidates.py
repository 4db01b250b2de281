"""When antibodies may have come and gone: candidates at dose times, with prior probabilities.

Doses between two readings are told apart only as far as those readings could: the last doses
before a reading each stand for themselves, earlier ones stand together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from openntz.forecast.history import History
from openntz.forecast.onset_prior import AntibodyReading, OnsetPrior

Array = NDArray[np.float64]

# A change of clearance shows in full after about three doses at the usual interval.
_APART: Final = 2


class Candidate(Struct, frozen=True):
    """Clearance raised from ``on`` to before ``off`` (days; None: never, or not yet ended).

    ``first`` and ``last`` bound the time for which ``on`` stands, and ``off_first`` and
    ``off_last`` that of ``off``. ``prior`` is the probability beforehand, tests included.
    """

    on: float | None
    off: float | None
    prior: float
    first: float = 0.0
    last: float = 0.0
    off_first: float = 0.0
    off_last: float = 0.0

    def raised_at(self, day: Array) -> NDArray[np.bool_]:
        """Whether clearance is raised just before each day."""
        if self.on is None:
            return np.zeros(np.shape(day), bool)
        return (self.on < day) & (day <= (np.inf if self.off is None else self.off))


class _Group(Struct, frozen=True):
    """Neighbouring doses (days ``start``) that stand together, and when the next one begins."""

    start: Array
    end: Array

    @property
    def at(self) -> float:
        return float(self.start[len(self.start) // 2])


def _groups(doses: Array, events: Array, now: float) -> tuple[_Group, ...]:
    ends = np.append(doses[1:], max(now, doses[-1] + 1.0))
    cell = np.searchsorted(np.unique(events), doses, side="right")
    found = []
    for each in np.unique(cell):
        own = np.flatnonzero(cell == each)
        apart = min(_APART, len(own))
        parts = [own[: len(own) - apart], *own[len(own) - apart :, None]]
        found += [_Group(doses[p], ends[p]) for p in parts if len(p)]
    return tuple(found)


class AntibodyTests(Struct, frozen=True):
    """Antibody tests on the time axis of a history."""

    day: tuple[float, ...]
    reading: tuple[AntibodyReading, ...]

    @classmethod
    def of(cls, readings: Sequence[AntibodyReading], history: History) -> AntibodyTests:
        """Tests in time order; one at midnight of a dose's day was taken before the dose."""
        ordered = sorted(readings, key=lambda r: r.at)
        return cls(tuple(history.day(r.at) for r in ordered), tuple(ordered))

    def likelihood(self, candidate: Candidate, prior: OnsetPrior) -> float:
        """Probability of all results if the candidate is true."""
        found = 1.0
        for day, reading in zip(self.day, self.reading, strict=True):
            found *= float(prior.of_test(reading, candidate.raised_at(np.array(day))))
        return found

    def bounds(self, since: float) -> tuple[float, float]:
        """Last negative before, and first positive of, antibodies confirmed since a day."""
        before = [
            d
            for d, r in zip(self.day, self.reading, strict=True)
            if d < since and not r.positive and r.threshold == "label"
        ]
        return (max(before) if before else -np.inf), since


def candidates(
    history: History,
    levels: Array,
    tests: AntibodyTests,
    prior: OnsetPrior,
    now: float,
    confirmed_since: float | None = None,
) -> tuple[Candidate, ...]:
    """All candidates worth weighing; their priors sum to at most one.

    Parameters
    ----------
    levels : array (m,)
        Days of the fitted levels.
    confirmed_since : float, optional
        Day of the first positive of confirmed antibodies: then 'never' is none of the
        candidates, and the onset lies between the last negative before that day and it.
    """
    doses = np.unique(history.schedule.start_day)
    events = np.concatenate([levels, np.array(tests.day), [now]])
    groups = _groups(doses, events, now)
    allowed = groups
    if confirmed_since is not None:
        low, high = tests.bounds(confirmed_since)
        allowed = tuple(g for g in groups if low <= g.at < high) or groups[:1]
    found = [c for g in allowed for c in _of_onset(g, groups, doses[0], prior, now)]
    if confirmed_since is None:
        spent = sum(c.prior for c in found)
        found.append(Candidate(None, None, max(1.0 - spent, 0.0)))
    weighed = [replace(c, prior=c.prior * tests.likelihood(c, prior)) for c in found]
    total = sum(c.prior for c in weighed)
    if total <= 0.0:
        weighed, total = found, sum(c.prior for c in found)
    ordered = sorted(weighed, key=lambda c: -c.prior)[: prior.most_candidates]
    # Persistent ones always stay: they are few, and the ones that matter most.
    kept = {id(c) for c in ordered}
    return tuple(
        replace(c, prior=c.prior / total) for c in weighed if id(c) in kept or c.off is None
    )


def _of_onset(
    group: _Group, groups: Sequence[_Group], start: float, prior: OnsetPrior, now: float
) -> list[Candidate]:
    """Persistent and transient antibodies that came at one group of doses."""
    came = prior.by(group.end - start, now - start) - prior.by(group.start - start, now - start)
    share = float(came.sum())
    first, last = float(group.start[0]), float(group.end[-1])
    found, ended = [], 0.0
    for other in groups:
        if other.at <= group.at:
            continue
        gone = prior.gone_by(np.maximum(other.end - group.at, 0.0))
        gone = float((gone - prior.gone_by(np.maximum(other.start - group.at, 0.0))).sum())
        ended += gone
        found.append(
            Candidate(
                group.at,
                other.at,
                prior.transient * share * gone,
                first,
                last,
                float(other.start[0]),
                float(other.end[-1]),
            )
        )
    # Those that went before the next group began are as if they had never come.
    later = [g.start[0] for g in groups if g.at > group.at]
    at_once = float(prior.gone_by(later[0] - group.at)) if later else 0.0
    standing = max(1.0 - ended - at_once, 0.0)
    lasting = (prior.persistent + prior.transient * standing) * share
    return [Candidate(group.at, None, lasting, first, last), *found]


def cut(history: History, candidate: Candidate) -> tuple[History, Array]:
    """The history with segments that start at the candidate's days, and where it is raised.

    The share is 0 or 1 per segment.
    """
    days = [d for d in (candidate.on, candidate.off) if d is not None]
    segments = np.unique(np.concatenate([history.segment_day, days]))
    old = np.maximum(np.searchsorted(history.segment_day, segments, side="right") - 1, 0)
    weight = None if history.weight_kg is None else history.weight_kg[old]
    end = np.inf if candidate.off is None else candidate.off
    on = np.inf if candidate.on is None else candidate.on
    raised = (segments >= on) & (segments < end)
    longer = replace(history, segment_day=segments, weight_kg=weight, antibodies=raised)
    return longer, raised.astype(float)
