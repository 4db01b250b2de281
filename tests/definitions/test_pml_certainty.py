"""The classes of the AAN consensus, combination by combination."""

from itertools import product

import pytest

from openntz.definitions.pml_certainty import PmlCertainty, pml_certainty

CERTAIN, PROBABLE, POSSIBLE, NOT = PmlCertainty


@pytest.mark.parametrize(
    ("features", "imaging", "virus", "expected"),
    [
        (True, True, True, CERTAIN),
        (True, False, True, PROBABLE),
        (False, True, True, PROBABLE),
        (True, True, False, POSSIBLE),
        (False, False, True, POSSIBLE),
        (True, False, False, NOT),
        (False, True, False, NOT),
        (False, False, False, NOT),
    ],
)
def test_combinations_match_the_recalled_table(features, imaging, virus, expected):
    known = {"features": features, "imaging": imaging, "virus": virus}
    assert pml_certainty(**known) == (expected,)
    assert pml_certainty(**known, tissue=False) == (expected,)
    assert pml_certainty(**known, tissue=True) == (CERTAIN,)


def test_what_is_not_known_leaves_classes_open():
    assert pml_certainty(features=None, imaging=None, virus=None) == tuple(PmlCertainty)
    assert pml_certainty(features=True, imaging=True, virus=None) == (CERTAIN, POSSIBLE)
    assert pml_certainty(features=True, imaging=None, virus=False) == (POSSIBLE, NOT)


def test_knowing_more_never_opens_a_class():
    for known in product((True, False, None), repeat=3):
        wider = set(pml_certainty(features=known[0], imaging=known[1], virus=known[2]))
        for place in range(3):
            if known[place] is None:
                for answer in (True, False):
                    narrowed = [*known]
                    narrowed[place] = answer
                    names = dict(zip(("features", "imaging", "virus"), narrowed, strict=True))
                    assert set(pml_certainty(**names)) <= wider
