"""Verdicts on levels with the causes of those that do not fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.forecast.cause_weights import Seen, weigh_causes
from openntz.forecast.causes import Reading
from openntz.forecast.history import History, weights_of
from openntz.forecast.onset_prior import AntibodyReading
from openntz.forecast.result import LevelVerdict
from openntz.forecast.settings import Settings
from openntz.forecast.triage import as_limit
from openntz.models.card import Card


def does_not_fit(verdict: LevelVerdict) -> bool:
    """Whether a level asks for an explanation."""
    return verdict.unusual or verdict.misfit or verdict.use == "impossible"


def with_causes(
    verdicts: Sequence[LevelVerdict],
    course: Course,
    readings: Sequence[AntibodyReading],
    history: History,
    card: Card,
    settings: Settings,
    generator: np.random.Generator,
    *,
    threads: int = 1,
) -> tuple[LevelVerdict, ...]:
    """The verdicts, with probable causes where a level does not fit; nothing is drawn otherwise.

    A level before the first dose, or known to be drawn during one, has no cause to look for.
    """
    measured = course.results(vocabulary.NATALIZUMAB)
    usable = [
        (i, limit)
        for i, (verdict, level) in enumerate(zip(verdicts, measured, strict=True))
        if verdict.use in {"fitted", "impossible"}
        and verdict.at >= history.dose_starts[0]
        and (limit := as_limit(level)) is not None
    ]
    chosen = [k for k, (i, _) in enumerate(usable) if does_not_fit(verdicts[i])]
    if not chosen:
        return tuple(verdicts)
    dose_on = {start.date(): k for k, start in enumerate(history.dose_starts)}
    dose = [dose_on.get(verdicts[i].at.date(), -1) for i, _ in usable]
    seen = Seen(
        day=np.array([history.day(verdicts[i].at) for i, _ in usable]),
        reading=tuple(Reading(limit.value, limit.kind) for _, limit in usable),
        dose=tuple(dose),
        timed=tuple(
            measured[i].time_known and d >= 0 and history.dose_time_known[d]
            for (i, _), d in zip(usable, dose, strict=True)
        ),
        tests=tuple((history.day(reading.at), reading) for reading in readings),
    )
    causes = weigh_causes(
        card,
        history,
        settings.priors,
        seen,
        np.array([history.day(w.at) for w in weights_of(course)]),
        chosen,
        settings.causes,
        generator,
        threads=threads,
    )
    by_verdict = {usable[k][0]: found for k, found in causes.items()}
    return tuple(
        replace(verdict, causes=by_verdict[i], causes_shown=settings.causes.shown(by_verdict[i]))
        if i in by_verdict
        else verdict
        for i, verdict in enumerate(verdicts)
    )
