"""`openntz evaluate DIR`: every level of a clinic forecast from those before it, and scored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz import __version__
from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.definitions.antibodies import Persistent, antibody_history
from openntz.definitions.antibody_tests import Reading
from openntz.errors import InputError
from openntz.forecast.rolling import KnownAntibodies, answers, questions_of
from openntz.forecast.scoreboard import (
    Evaluation,
    Forecast,
    Rules,
    calibration,
    drifts,
    groups,
    scored,
)
from openntz.forecast.vpc import VpcBin, VpcData, check
from openntz.monitor.rules.antibodies import antibody_definition, antibody_limits
from openntz.records.problems import Records
from openntz.records.write import write_csv, write_text_atomic
from openntz.report.evaluate_exports import (
    PREDICTION_HEADER,
    evaluation_json,
    prediction_rows,
)
from openntz.report.evaluate_page import evaluation_page
from openntz.workflows.person import DEFAULT_CARD, Practice, antibodies_of, readings_of
from openntz.workflows.progress import Progress
from openntz.workflows.read import read_tables, registry_for
from openntz.workflows.review import prepare_out
from openntz.workflows.shared_work import shared_work

Array = NDArray[np.float64]

# People forecast together: enough to share a search, few enough for a bar that moves.
_TOGETHER: Final = 20


class EvaluateRequest(Struct, frozen=True, kw_only=True):
    """What to evaluate, where to write it and where the work runs.

    ``scheduler`` is the address of a dask cluster, used instead of own ``workers``.
    """

    folder: Path
    out: Path
    as_of: date
    profile: str = "eu"
    card: str = DEFAULT_CARD
    site: Path | None = None
    mapping: Path | None = None
    seed: int
    workers: int = 1
    scheduler: str | None = None


class EvaluateOutcome(Struct, frozen=True, kw_only=True):
    """The evaluation, the tables it was read from, and the page to open."""

    evaluation: Evaluation
    records: Records
    index: Path


class _Part(Struct, frozen=True, eq=False):
    """Some people's levels with, per scored level, its typical and simulated readings."""

    rows: tuple[Forecast, ...]
    checked: tuple[int, ...]
    typical: Array
    simulated: Array


def antibody_words(course: Course, day: date, practice: Practice) -> str:
    """What was known of antibodies at the end of a day, by the profile's definition."""
    profile = practice.profile
    known = antibody_history(course.until(day), antibody_limits(profile), until=day)
    definition = antibody_definition(profile)
    if not known.tests:
        return "not tested"
    if known.verdicts[definition].persistent is Persistent.YES:
        return "persistent"
    readings = [reading for _, reading in known.readings(definition)]
    if Reading.POSITIVE in readings:
        return "positive, not persistent so far"
    if Reading.UNDETERMINED in readings:
        return "no result that can be read"
    return "negative"


def _known(course: Course, day: date, practice: Practice) -> KnownAntibodies:
    profile = practice.profile
    return KnownAntibodies(antibodies_of(course, day, profile), readings_of(course, day, profile))


class _Together(Struct, frozen=True):
    """People forecast together, and the day up to which."""

    courses: tuple[Course, ...]
    as_of: date


def _evaluate_together(practice: Practice, asked_of: _Together) -> _Part:
    courses, as_of = asked_of.courses, asked_of.as_of
    models, rules = practice.models, Rules.from_registry(practice.registry)
    asked = [
        questions_of(
            course,
            as_of,
            models,
            lambda day, course=course: _known(course.until(day), day, practice),
            practice.seed,
        )
        for course in courses
    ]
    questions = [q for person in asked for q in person.questions]
    owner = [c for c, person in zip(courses, asked, strict=True) for _ in person.questions]
    rows = []
    found = answers(questions, models, practice.seed)
    for question, answer, course in zip(questions, found, owner, strict=True):
        known = antibody_words(course, question.at.date() - timedelta(days=1), practice)
        rows.append(scored(question, answer, known, models.card.residual, rules))
    checked: list[int] = []
    typical: list[Array] = []
    simulated: list[Array] = []
    first = 0
    for person in asked:
        if person.simulated is not None:
            for column, i in enumerate(person.usable):
                if rows[first + i].scored and not person.altered:
                    checked.append(first + i)
                    typical.append(person.simulated.typical[column])
                    simulated.append(person.simulated.readings[:, column])
        first += len(person.questions)
    return _Part(
        rows=tuple(rows),
        checked=tuple(checked),
        typical=np.array(typical),
        simulated=np.array(simulated).T if checked else np.empty((0, 0)),
    )


def _predictive_check(parts: Sequence[_Part], rules: Rules) -> tuple[tuple[VpcBin, ...], int]:
    """The visual predictive check, and how many scored levels are not in it.

    Left out are levels beyond its last day, and people with antibodies, whose typical clearance
    nobody knows well enough to correct by.
    """
    rows = [part.rows[i] for part in parts for i in part.checked]
    if not rows:
        return (), sum(r.scored for part in parts for r in part.rows)
    day = np.array([r.day_after_dose for r in rows], float)
    early = day <= rules.vpc_last_day
    data = VpcData(
        day=day[early],
        value=np.array([r.value for r in rows], float)[early],
        kind=np.array([int(r.kind) for r in rows])[early],
        lloq=np.array([r.lloq or 0.0 for r in rows])[early],
        typical=np.concatenate([p.typical for p in parts if p.checked])[early],
        simulated=np.concatenate([p.simulated for p in parts if p.checked], axis=1)[:, early],
    )
    bins = check(
        data,
        rules.vpc_percentiles,
        bins=rules.vpc_bins,
        least=rules.vpc_bin_size,
        confidence=rules.confidence,
    )
    return bins, sum(r.scored for part in parts for r in part.rows) - int(early.sum())


def evaluate_courses(
    courses: Sequence[Course],
    as_of: date,
    practice: Practice,
    progress: Progress | None = None,
    *,
    card: str = DEFAULT_CARD,
    workers: int = 1,
    scheduler: str | None = None,
) -> Evaluation:
    """Rolling forecasts of all levels of some people, and their scores.

    ``card`` is what the practice was made with, for the workers of a cluster at ``scheduler``.

    Raises
    ------
    InputError
        When a worker or the cluster is lost, or a worker is another version.
    """
    rules = Rules.from_registry(practice.registry)
    measured = [c for c in courses if c.until(as_of).results(vocabulary.NATALIZUMAB)]
    batches = [
        _Together(tuple(measured[i : i + _TOGETHER]), as_of)
        for i in range(0, len(measured), _TOGETHER)
    ]
    with shared_work(
        _evaluate_together, batches, practice, card=card, workers=workers, scheduler=scheduler
    ) as done:
        if progress is not None:
            done = progress.track(done, len(batches), f"groups of {_TOGETHER} people")
        parts = list(done)
    rows = tuple(row for part in parts for row in part.rows)
    vpc, left_out = _predictive_check(parts, rules)
    used = practice.models.card
    return Evaluation(
        as_of=as_of,
        version=__version__,
        profile=practice.profile.title,
        model=used.id,
        model_title=used.title,
        card_hash=used.hash,
        seed=practice.seed,
        people=len(measured),
        rules=rules,
        rows=rows,
        groups=groups(rows, used.residual, rules),
        series=drifts(rows, rules),
        pit=calibration(rows, rules),
        vpc=vpc,
        vpc_left_out=left_out,
    )


def run_evaluate(request: EvaluateRequest, progress: Progress | None = None) -> EvaluateOutcome:
    """Read, forecast every level, score, write.

    Raises
    ------
    OpenNTZError
        When the input, the card, the output folder, a profile, site file or mapping cannot be
        used, or there is no level to forecast.
    """
    practice = Practice.create(
        registry=registry_for(request.site),
        profile=request.profile,
        seed=request.seed,
        card=request.card,
    )
    records = read_tables(
        request.folder, request.as_of, request.mapping, practice.registry, progress
    )
    courses = list(records.courses.values())
    evaluation = evaluate_courses(
        courses,
        request.as_of,
        practice,
        progress,
        card=request.card,
        workers=request.workers,
        scheduler=request.scheduler,
    )
    if not evaluation.rows:
        raise InputError(
            f"there is no natalizumab level up to {request.as_of}.",
            where=str(request.folder),
            remedy="Give tables with measured levels, or a later --as-of.",
        )
    prepare_out(request.folder, request.out)
    index = request.out / "index.html"
    try:
        write_csv(request.out / "predictions.csv", PREDICTION_HEADER, prediction_rows(evaluation))
        write_text_atomic(request.out / "evaluate.json", evaluation_json(evaluation))
        write_text_atomic(index, evaluation_page(evaluation))
    except OSError as error:
        raise InputError(
            f"{error.filename or request.out} cannot be written ({error.strerror}).",
            where="--out",
            remedy="Check the free space and the rights of the folder, and run again.",
        ) from None
    return EvaluateOutcome(evaluation=evaluation, records=records, index=index)
