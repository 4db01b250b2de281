"""The largest sentence of a page does not outlive what contradicts it."""

from __future__ import annotations

from dataclasses import replace

from openntz.report.headline import drug_sentence
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
