"""The largest sentence of a page does not outlive what contradicts it."""

from __future__ import annotations

from dataclasses import replace

from openntz.monitor.finding import Status
from openntz.report.headline import drug_sentence, headline
from openntz.report.numbers_view import trust
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


def test_no_level_of_today_is_told_of_the_dead() -> None:
    person = invented.normal("N100")
    assert headline(person, build.GUIDES).tiles
    told = "Recorded as having died on 2024-05-01 ('died'): nothing is asked for."
    facts = ("death.begin", "death.alone", "death.relatives")
    found = build.finding("N100", "level.low", Status.OK, told, facts=facts)
    top = headline(replace(person, findings=(found,)), build.GUIDES)
    assert top.drug == told
    assert not top.tiles
    assert "today" not in top.drug
