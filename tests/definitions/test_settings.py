"""Words for where a dose was given."""

from __future__ import annotations

import pytest

from openntz.definitions.settings import Place, place_of


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        ("home", Place.HOME),
        ("Home, by clinic nurse", Place.HOME),
        ("zu Hause", Place.HOME),
        ("clinic", Place.CLINIC),
        ("University Hospital", Place.CLINIC),
        ("room 4", Place.OTHER_WORD),
        ("", Place.NOT_RECORDED),
        ("  ", Place.NOT_RECORDED),
    ],
)
def test_words_of_a_setting(setting, place):
    words = {"home": ("home", "zu hause"), "clinic": ("clinic", "hospital")}
    assert place_of(setting, **words) is place
