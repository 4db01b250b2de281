"""People with own doses, worked out together, against each of them alone under one regimen."""

from __future__ import annotations

import numpy as np

from openntz.mechanism.virtual.exposure import Regimen, part_of
from openntz.mechanism.virtual.fates import Fates
from openntz.mechanism.virtual.modifiers import WeightChange
from openntz.mechanism.virtual.parameters import shipped_parameters
from openntz.mechanism.virtual.people import draw_people
from openntz.mechanism.virtual.trial import Setting, fates_of, reactions_of

P = shipped_parameters()
DAYS = np.arange(-28.0, 301.0)
HEAVIER = (WeightChange(40.0, 200.0, 1.3),)


def _regimens() -> list[Regimen]:
    late = np.array([0.0, 31.0, 57.0, 90.0])
    return [
        Regimen.of(28.0 * np.arange(8)),
        Regimen.of(late),
        Regimen.of([]),
        # A memory is met after one or two doses and a gap, and not after more.
        Regimen.of([0.0, 28.0, 160.0, 188.0]),
        Regimen.of([0.0, 170.0, 198.0]),
        Regimen.of([0.0, 28.0, 56.0, 200.0, 228.0]),
        Regimen.of(late, subcutaneous=True),
        Regimen.of(late, modifiers=HEAVIER),
        Regimen.of([10.0, 38.0]),
        Regimen.of([0.0]),
    ]


def test_states_and_reactions_match_those_of_each_person_alone() -> None:
    # Enough people that some of every regimen make antibodies that matter to their clearance.
    regimens = _regimens() * 12
    crowd = draw_people(17, range(len(regimens)))
    setting = Setting(activity=1.5, immunogenicity=30.0)
    uniform = crowd.daily(len(DAYS))
    # Frequent enough that there is something to compare.
    often = P.replaced({"reaction.during": 40.0, "reaction.after": 40.0})
    together = fates_of(crowd, often, regimens, setting, DAYS, uniform)
    reacted = reactions_of(crowd, often, regimens, setting, DAYS, uniform)
    some = 0
    for row, regimen in enumerate(regimens):
        one = part_of(crowd, np.array([row]))
        alone = Fates(one, often, regimen, DAYS, activity=1.5, immunogenicity=30.0)
        # A lane's arithmetic is the same wherever it runs; exponentials of arrays of another
        # length may differ in the last digit.
        assert np.allclose(together.titre[row], alone.titre[0], rtol=1e-12, atol=0.0)
        assert np.allclose(together.total[row], alone.total[0], rtol=1e-9, atol=1e-12)
        assert np.array_equal(together.lesions.enhancing[row], alone.lesions.enhancing[0])
        if len(regimen.day):
            for kind in ("during", "after", "hypersensitivity"):
                found, expected = getattr(reacted[row], kind), getattr(alone.reactions, kind)
                assert np.array_equal(found, expected)
                some += int(expected.sum())
    assert some > 50
