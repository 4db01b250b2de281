"""`openntz evaluate --virtual`: the published study repeated on virtual people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from openntz import __version__
from openntz.compute.executors import map_in_order
from openntz.errors import InputError
from openntz.evidence.registry import Registry
from openntz.forecast.saturation_readout import MeasuredSaturation
from openntz.forecast.scoreboard import Rules
from openntz.forecast.settings import Settings
from openntz.forecast.virtual import Design
from openntz.forecast.virtual_study import Sampling, Study, Worked, summarise, work
from openntz.models.card import Card, load_card
from openntz.models.saturation import load_saturation
from openntz.records.write import write_text_atomic
from openntz.report.evaluate_exports import study_json
from openntz.report.evaluate_page import study_page
from openntz.workflows.compiled import ready_to_estimate
from openntz.workflows.person import DEFAULT_CARD
from openntz.workflows.progress import Progress
from openntz.workflows.read import registry_for

# People of one random stream; the same whatever the number of workers.
_TOGETHER: Final = 100
_SATURATION: Final = "saturation_natalizumab"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRequest:
    """How many virtual people, under which card; ``people`` None means as many as the registry."""

    out: Path
    people: int | None
    card: str = DEFAULT_CARD
    site: Path | None = None
    seed: int
    workers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyOutcome:
    """The study, what it was made with, and the page to open."""

    study: Study
    design: Design
    card: Card
    registry: Registry
    seed: int
    index: Path


def repeat_study(
    card: Card,
    facts: Registry,
    *,
    people: int,
    seed: int,
    workers: int = 1,
    progress: Progress | None = None,
) -> Study:
    """The repeated study; equal seeds give equal numbers, whatever the workers.

    Raises
    ------
    OpenNTZError
        When the card asks for more than weight, or cannot be solved for somebody.
    """
    design, rules = Design.from_registry(facts), Rules.from_registry(facts)
    settings = Settings.from_registry(facts)
    readout = MeasuredSaturation(load_saturation(_SATURATION), design.saturation_error)
    how = Sampling(settings.draws, settings.triage_draws, settings.pareto_k_limit, rules.outer)
    sizes = [min(_TOGETHER, people - first) for first in range(0, people, _TOGETHER)]

    def one(part: int) -> Worked:
        generator = np.random.default_rng([seed, part])
        return work(card, design, sizes[part], readout, how, generator)

    ready_to_estimate(card)
    done = map_in_order(one, range(len(sizes)), workers=workers)
    if progress is not None:
        done = progress.track(done, len(sizes), f"groups of {_TOGETHER} people")
    return summarise(
        design,
        list(done),
        within_percent=rules.within_percent,
        confidence=rules.confidence,
        interval=rules.outer,
    )


def run_study(request: StudyRequest, progress: Progress | None = None) -> StudyOutcome:
    """Repeat the study and write its page and numbers.

    Raises
    ------
    OpenNTZError
        When the card, a site file or the output folder cannot be used.
    """
    facts = registry_for(request.site)
    design, card = Design.from_registry(facts), load_card(request.card)
    people = request.people
    if people is None:
        people = round(facts.fact("evaluate.virtual.people").number)
    study = repeat_study(
        card,
        facts,
        people=people,
        seed=request.seed,
        workers=request.workers,
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
