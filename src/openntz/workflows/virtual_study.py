"""`openntz evaluate --virtual`: the published study repeated on virtual people."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct

from openntz import __version__
from openntz.errors import InputError
from openntz.evidence.registry import Registry
from openntz.forecast.saturation_readout import MeasuredSaturation
from openntz.forecast.scoreboard import Rules
from openntz.forecast.settings import Settings
from openntz.forecast.virtual import Design
from openntz.forecast.virtual_study import Sampling, Study, Worked, summarise, work
from openntz.models.card import Card
from openntz.models.saturation import load_saturation
from openntz.records.write import write_text_atomic
from openntz.report.evaluate_exports import study_json
from openntz.report.evaluate_page import study_page
from openntz.workflows.person import DEFAULT_CARD, Practice
from openntz.workflows.progress import Progress
from openntz.workflows.read import registry_for
from openntz.workflows.shared_work import shared_work

# People of one random stream; the same whatever the number of workers.
_TOGETHER: Final = 100
_SATURATION: Final = "saturation_natalizumab"
# A practice has one; no number of the study depends on it.
_PROFILE: Final = "eu"


class StudyRequest(Struct, frozen=True, kw_only=True):
    """How many virtual people, under which card, and where the work runs.

    ``people`` None means as many as the registry. ``scheduler`` is the address of a dask cluster,
    used instead of own ``workers``.
    """

    out: Path
    people: int | None
    card: str = DEFAULT_CARD
    site: Path | None = None
    seed: int
    workers: int = 1
    scheduler: str | None = None


class StudyOutcome(Struct, frozen=True, kw_only=True):
    """The study, what it was made with, and the page to open."""

    study: Study
    design: Design
    card: Card
    registry: Registry
    seed: int
    index: Path


class _Group(Struct, frozen=True):
    """Some virtual people: their random stream and how many."""

    number: int
    people: int


def _work_together(practice: Practice, group: _Group) -> Worked:
    facts = practice.registry
    design, rules = Design.from_registry(facts), Rules.from_registry(facts)
    settings = Settings.from_registry(facts)
    readout = MeasuredSaturation(load_saturation(_SATURATION), design.saturation_error)
    how = Sampling(settings.draws, settings.triage_draws, settings.pareto_k_limit, rules.outer)
    generator = np.random.default_rng([practice.seed, group.number])
    return work(practice.models.card, design, group.people, readout, how, generator)


def practice_of_study(facts: Registry, seed: int, card: str = DEFAULT_CARD) -> Practice:
    """What the study is repeated with: the facts, the card and the seed count.

    Raises
    ------
    OpenNTZError
        When a profile, fact or card cannot be used as written.
    """
    return Practice.create(registry=facts, profile=_PROFILE, seed=seed, card=card)


def repeat_study(
    practice: Practice,
    *,
    people: int,
    card: str,
    workers: int = 1,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Study:
    """The repeated study; equal seeds give equal numbers, wherever they are worked out.

    ``card`` is what the practice was made with, for the workers of a cluster at ``scheduler``.

    Raises
    ------
    OpenNTZError
        When the card asks for more than weight, cannot be solved for somebody, a worker or the
        cluster is lost, or a worker is another version.
    """
    facts = practice.registry
    design, rules = Design.from_registry(facts), Rules.from_registry(facts)
    parts = [
        _Group(number, min(_TOGETHER, people - first))
        for number, first in enumerate(range(0, people, _TOGETHER))
    ]
    with shared_work(
        _work_together, parts, practice, card=card, workers=workers, scheduler=scheduler
    ) as done:
        if progress is not None:
            done = progress.track(done, len(parts), f"groups of {_TOGETHER} people")
        worked = list(done)
    return summarise(
        design,
        worked,
        within_percent=rules.within_percent,
        confidence=rules.confidence,
        interval=rules.outer,
    )


def run_study(request: StudyRequest, progress: Progress | None = None) -> StudyOutcome:
    """Repeat the study and write its page and numbers.

    Raises
    ------
    OpenNTZError
        When the card, a site file, the output folder or the cluster cannot be used.
    """
    facts = registry_for(request.site)
    practice = practice_of_study(facts, request.seed, request.card)
    design, card = Design.from_registry(facts), practice.models.card
    people = request.people
    if people is None:
        people = round(facts.fact("evaluate.virtual.people").number)
    study = repeat_study(
        practice,
        people=people,
        card=request.card,
        workers=request.workers,
        scheduler=request.scheduler,
        progress=progress,
    )
    heading = {
        "model": card.id,
        "model_title": card.title,
        "card_hash": card.hash,
        "seed": str(request.seed),
        "version": __version__,
    }
    index = request.out / "index.html"
    try:
        request.out.mkdir(parents=True, exist_ok=True)
        numbers = study_json(
            study, design, facts, model=card.id, card_hash=card.hash, seed=request.seed
        )
        write_text_atomic(request.out / "evaluate.json", numbers)
        write_text_atomic(index, study_page(study, design, facts, heading=heading))
    except OSError as error:
        raise InputError(
            f"{error.filename or request.out} cannot be written ({error.strerror}).",
            where="--out",
            remedy="Choose a folder that can be written.",
        ) from None
    return StudyOutcome(
        study=study, design=design, card=card, registry=facts, seed=request.seed, index=index
    )
