"""The page of several models: escaped, complete, in words that follow from its numbers."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType

import numpy as np
import pytest
from msgspec.structs import replace

from openntz.evidence.registry import registry
from openntz.forecast.predict import Band
from openntz.forecast.result import Quantiles, TimeBelow
from openntz.forecast.weigh import Candidate, Opinion, Says, Weighing
from openntz.models.card import load_card
from openntz.report.models_page import models_page
from openntz.report.models_view import rows, sentences
from openntz.report.person import PersonReview
from tests.report import build, invented
from tests.report.test_pages import Page


def q(median: float) -> Quantiles:
    return Quantiles(median, 0.8 * median, 1.25 * median)


def says(now: float, day_42: float, below_5: float) -> Says:
    day = np.arange(0.0, 900.0)
    flat = np.full(900, now)
    return Says(
        now=q(now),
        planned=None,
        by_day=MappingProxyType({42: q(day_42), 56: q(0.3 * day_42)}),
        below=(TimeBelow(5.0, below_5, below_5 - 4, None), TimeBelow(2.0, None, 70.0, None)),
        left=MappingProxyType({28: 0.3, 42: 0.104}),
        day=day,
        curve=Band(flat, 0.8 * flat, 1.25 * flat),
    )


def opinion(card: str, weight: float, prior: float, answer: Says | None, **more) -> Opinion:
    found = Candidate(card=load_card(card), prior_weight=prior, why="Why & because.")
    return Opinion(candidate=found, status="ok", weight=weight, says=answer, **more)


def weighing(person: PersonReview, **changes) -> Weighing:
    base = Weighing(
        person=person.id,
        as_of=person.forecast.as_of,
        origin=build.at(build.AS_OF - timedelta(days=600)),
        levels=3,
        opinions=(
            opinion("van_den_berg_2025", 0.9, 1.0, says(20.0, 8.0, 50.0)),
            opinion("label_linear", 0.1, 0.25, says(21.0, 16.0, 80.0)),
            replace(
                opinion("biib107", 0.0, 0.0, None, reason="No weight & no age."), status="refused"
            ),
        ),
        mixed=says(20.0, 8.5, 51.0),
    )
    return replace(base, **changes)


def html(person: PersonReview, given: Weighing, back: str = "") -> str:
    review = build.review([person], registry=registry())
    return models_page(review, person, given, back)


def test_page_is_whole_and_loads_only_what_lies_beside_it() -> None:
    person = invented.normal()
    page = Page(html(person, weighing(person), "../people/N001.html"))
    assert not page.stack
    assert not page.inline
    assert len(page.ids) == len(set(page.ids))
    assert sorted(page.loads) == ["../assets/openntz.css", "../assets/openntz.js"]
    assert "../people/N001.html" in page.links
    lines = [v["class"] for tag, v in page.tags if tag == "polyline"]
    assert lines.count("line model-a") == lines.count("line model-b") == 2  # wide and narrow
    assert "refused: No weight & no age." in page.text


def test_hostile_text_stays_text() -> None:
    person = invented.hostile()
    bad = opinion("label_linear", 0.0, 0.0, None, reason=invented.HOSTILE)
    given = weighing(person)
    text = html(person, replace(given, opinions=(*given.opinions, bad)), '"><script>')
    assert "<script>alert" not in text
    assert "<script>" not in text.replace("<script src=", "")
    assert "\x00" not in text
    assert invented.HOSTILE in Page(text).text


def test_disagreement_is_said_from_the_factor_on() -> None:
    """1.05-fold now, 2-fold on day 42, and days to 5 ug/mL: worked by hand."""
    found = " ".join(sentences(weighing(invented.normal()), registry()))
    assert "Now" not in found
    assert (
        "On day 42 the models differ 2.0-fold: 8.0 µg/mL by van den Berg 2025, 16 µg/mL by the "
        "label’s linear part." in found
    )
    assert "below 5 µg/mL after 50 days by van den Berg 2025, after 80 days by the label" in found
    assert "van den Berg 2025 90 % and the label’s linear part 10 %" in found
    assert "leaves 17 % of a level after 28 days and 7 % after 42" in found
    assert "van den Berg 2025 leaves 30 % and 10 %" in found


def test_levels_too_low_to_act_do_not_disagree() -> None:
    """Below 1 ug/mL, the lowest target, 0.001 and 0.4 are the same."""
    given = weighing(
        invented.normal(),
        opinions=(
            opinion("van_den_berg_2025", 1.0, 1.0, says(0.001, 0.0, 10.0)),
            opinion("label_linear", 0.0, 0.25, says(0.4, 0.9, 12.0)),
        ),
    )
    found = " ".join(sentences(given, registry()))
    assert "No two of these models differ 1.5-fold or more" in found


def test_levels_that_speak_for_another_model_are_said_with_caution() -> None:
    given = weighing(invented.normal())
    turned = tuple(
        replace(o, weight=w) for o, w in zip(given.opinions, (0.1, 0.9, 0.0), strict=True)
    )
    assert not any("speak more" in s for s in sentences(given, registry()))
    said = " ".join(sentences(replace(given, opinions=turned), registry()))
    assert "speak more for the label’s linear part" in said
    assert "do not lengthen an interval" in said


def test_rows_say_what_is_not_weighed_and_what_lies_beyond() -> None:
    given = weighing(invented.normal())
    other = opinion("rule_of_thumb_11_day", 0.0, 0.0, says(9.0, 3.0, 30.0))
    found = rows(replace(given, opinions=(*given.opinions[:2], other)))
    assert [r.weight for r in found] == ["90 %", "10 %", "not weighed", ""]
    assert found[0].below == ("50 (46–later)", "later than computed")
    assert found[0].left == ("30 %", "10 %")


@pytest.mark.parametrize("who", [invented.never, invented.outside, invented.prior_only])
def test_page_without_an_answer_says_why(who) -> None:
    person = who()
    given = weighing(person, opinions=(), origin=None, mixed=None, reason="No dose & no level.")
    assert "No dose & no level." in Page(html(person, given)).text
