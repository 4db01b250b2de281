"""The largest sentence of a page does not outlive what contradicts it."""

from __future__ import annotations

from msgspec.structs import replace

from openntz.monitor.finding import Status
from openntz.report.headline import drug_sentence, headline
from openntz.report.numbers_view import trust
from openntz.report.person import PersonReview
from tests.report import build, invented


def test_levels_that_contradict_the_forecast_take_its_place() -> None:
    person = invented.normal("N100")
    assert "acting" in drug_sentence(person, build.GUIDES)
    against = "The latest level (<2 ug/mL on 2024-05-01) does not agree with the earlier ones."
    doubted = replace(person, forecast=replace(person.forecast, contradiction=against))
    sentence = drug_sentence(doubted, build.GUIDES)
    assert sentence.startswith("The latest level (<2 µg/mL on 2024-05-01) does not agree")
    assert "acting" not in sentence


def test_contradicted_fit_is_never_called_good() -> None:
    forecast = invented.normal("N100").forecast
    assert trust(forecast, 0.7).startswith("good")
    assert not trust(replace(forecast, contradiction="x"), 0.7).startswith("good")


TOLD = "Recorded as having died on 2024-05-01 ('died'): nothing is asked for."


def dead() -> PersonReview:
    facts = ("death.begin", "death.alone", "death.relatives")
    found = build.finding("N100", "level.low", Status.OK, TOLD, facts=facts)
    return replace(invented.normal("N100"), findings=(found,))


def test_no_level_of_today_is_told_of_the_dead() -> None:
    assert headline(invented.normal("N100"), build.GUIDES).tiles
    top = headline(dead(), build.GUIDES)
    assert top.drug == TOLD
    assert not top.tiles
    assert "today" not in top.drug


def test_that_rows_were_set_aside_is_still_told_of_the_dead() -> None:
    person, note = dead(), "Rows of this person in measurements were set aside or lost."
    forecast = replace(person.forecast, notes=(note,))
    assert headline(replace(person, forecast=forecast), build.GUIDES).notes == (note,)
