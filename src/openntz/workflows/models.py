"""One person under several models: their answers weighed, and the page that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Final

from msgspec import Struct

from openntz import __version__
from openntz.errors import InputError
from openntz.evidence.registry import Registry
from openntz.forecast.request import ForecastRequest
from openntz.forecast.weigh import Candidate, Weighing, weigh_person
from openntz.models.card import load_card
from openntz.records.write import write_text_atomic
from openntz.report.guides import Guides
from openntz.report.models_page import models_page
from openntz.report.pages import ASSETS
from openntz.report.paths import page_names
from openntz.report.person import PersonReview
from openntz.report.review import Review
from openntz.workflows.forecast import ForecastQuestion, find_course
from openntz.workflows.person import (
    DEFAULT_CARD,
    Practice,
    antibodies_of,
    review_person,
)
from openntz.workflows.read import read_tables, registry_for
from openntz.workflows.review import prepare_out

ALL: Final = "all"
SHIPPED: Final = (DEFAULT_CARD, "label_linear", "biib107", "rule_of_thumb_11_day")
_PRIOR: Final = "models.prior-weight."


class ModelsAnswer(Struct, frozen=True, kw_only=True):
    """The models' answers about one person, and the page that shows them."""

    person: PersonReview
    weighing: Weighing
    registry: Registry
    page: Path


def require_both(which: str | None, out: Path | None) -> tuple[str, Path] | None:
    """The models asked for and the folder for their page, or None when neither is given.

    Raises
    ------
    InputError
        When one is given without the other.
    """
    if which is None and out is None:
        return None
    if which is None or out is None:
        raise InputError(
            "--models and --out go together.",
            where="--models" if which is None else "--out",
            remedy="Give both, for example --models all --out out/models.",
        )
    return which, out


def candidates(which: str, registry: Registry) -> tuple[Candidate, ...]:
    """The main card, then those asked for: 'all' shipped, or ids and files between commas.

    Raises
    ------
    ModelError, EvidenceError
        When a card cannot be used as written.
    """
    asked = SHIPPED if which == ALL else [name.strip() for name in which.split(",")]
    names = dict.fromkeys((DEFAULT_CARD, *(name for name in asked if name)))
    found = []
    for name in names:
        card = load_card(name)
        prior = registry.facts.get(_PRIOR + name.replace("_", "-"))
        if prior is None:
            why = "No weight is decided for this card: shown for comparison, never mixed in."
            found.append(Candidate(card=card, prior_weight=0.0, why=why))
            continue
        found.append(Candidate(card=card, prior_weight=prior.number, why=prior.note))
    return tuple(found)


def _review(question: ForecastQuestion, practice: Practice, person: PersonReview) -> Review:
    settings = practice.models.settings
    note = f"Site file {question.site.name} is in force." if question.site else ""
    return Review(
        as_of=question.as_of,
        profile=practice.profile.id,
        profile_title=practice.profile.title,
        version=__version__,
        registry=practice.registry,
        people=(person,),
        site_note=note,
        model=practice.models.card.id,
        model_title=practice.models.card.title,
        card_hash=practice.models.card.hash,
        seed=question.seed,
        guides=Guides.from_registry(practice.registry),
        horizon_days=settings.horizon_days,
        pareto_k_limit=settings.pareto_k_limit,
    )


def _write(question: ForecastQuestion, out: Path, review: Review, weighing: Weighing) -> Path:
    """The page and what it loads; a review in the same folder is linked to."""
    person: Sequence[PersonReview] = review.people
    file = page_names([person[0].id])[person[0].id]
    prepare_out(question.folder, out)
    own = out / "people" / file
    html = models_page(review, person[0], weighing, f"../people/{file}" if own.exists() else "")
    page = out / "models" / file
    static = resources.files("openntz.report") / "static"
    try:
        for folder in ("assets", "models"):
            (out / folder).mkdir(exist_ok=True)
        for asset in ASSETS:
            write_text_atomic(out / "assets" / asset, (static / asset).read_text("utf-8"))
        write_text_atomic(page, html)
    except OSError as error:
        raise InputError(
            f"{error.filename or out} cannot be written ({error.strerror}).",
            where="--out",
            remedy="Check the free space and the rights of the folder, and run again.",
        ) from None
    return page


def run_models(question: ForecastQuestion, which: str, out: Path) -> ModelsAnswer:
    """Read the tables, ask every model about one person, write the page.

    The planned dose is that of the record; a supposed one of the question changes nothing here.

    Raises
    ------
    OpenNTZError
        When the input, the person, a card, a profile, a site file or the folder cannot be used.
    """
    practice = Practice.create(
        registry=registry_for(question.site), profile=question.profile, seed=question.seed
    )
    asked = candidates(which, practice.registry)
    records = read_tables(question.folder, question.as_of, question.mapping, practice.registry)
    course = find_course(dict(records.courses), question.person)
    lost = records.incomplete.get(course.person.id, frozenset())
    result = review_person(course, question.as_of, practice, lost)
    person = PersonReview(
        course=course,
        therapy=result.therapy,
        forecast=result.forecast,
        findings=result.findings,
    )
    known = course.until(question.as_of)
    planned = result.therapy.planned
    weighing = weigh_person(
        ForecastRequest(
            course=known,
            as_of=question.as_of,
            planned=None if planned is None else max(planned, question.as_of),
            antibodies=antibodies_of(known, question.as_of, practice.profile),
            seed=question.seed,
        ),
        result.forecast,
        asked,
        practice.models.settings,
    )
    page = _write(question, out, _review(question, practice, person), weighing)
    return ModelsAnswer(person=person, weighing=weighing, registry=practice.registry, page=page)
