"""The page 'What other models say' of one person."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup
from msgspec import Struct

from openntz.forecast.weigh import Weighing
from openntz.report import words
from openntz.report.finding_view import Cited, cited
from openntz.report.models_view import (
    DAYS,
    LEFT_DAYS,
    LEVELS,
    ModelsView,
    models_chart,
    view,
)
from openntz.report.pages import render_page
from openntz.report.person import PersonReview
from openntz.report.review import Review
from openntz.report.svg import draw
from openntz.report.svg_frame import NARROW, WIDE

# How much of the past is drawn: some eight infusions, on a phone some four.
_WIDE_DAYS: Final = 240
_NARROW_DAYS: Final = 110


class ModelsPage(Struct, frozen=True, kw_only=True):
    """What the template shows; ``back`` leads to the person's own page, '' where there is none."""

    review: Review
    person: PersonReview
    who: str
    reason: str
    view: ModelsView
    pictures: tuple[tuple[str, Markup], ...]
    sources: tuple[Cited, ...]
    days: tuple[int, ...] = DAYS
    levels: tuple[str, ...] = tuple(words.number(level) for level in LEVELS)
    left_days: tuple[int, ...] = LEFT_DAYS
    back: str = ""


def models_page(review: Review, person: PersonReview, weighing: Weighing, back: str) -> str:
    """The page as HTML; it lies one folder below the assets."""
    sources = dict.fromkeys(s for o in weighing.opinions for s in o.candidate.card.sources)
    sizes = ((WIDE, _WIDE_DAYS), (NARROW, _NARROW_DAYS))
    page = ModelsPage(
        review=review,
        person=person,
        who=words.age_and_sex(person.course.person, person.as_of),
        reason=weighing.reason,
        view=view(weighing, person, review.registry),
        pictures=tuple(
            (sheet.name, Markup(draw(models_chart(weighing, person, review.guides, n), sheet)))
            for sheet, n in (() if weighing.reason else sizes)
        ),
        sources=cited(review.registry, tuple(sorted(sources))),
        back=back,
    )
    return render_page("models.html", page, root="../")
