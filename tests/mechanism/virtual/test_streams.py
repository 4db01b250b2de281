"""Streams of many people against numpy's own, one at a time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from openntz.mechanism.virtual.people import draw_people
from openntz.mechanism.virtual.streams import generators, seed_states

words = st.integers(0, 2**32 - 1)


@given(st.integers(0, 2**200), words, st.lists(words, min_size=1, max_size=5), words)
def test_states_match_numpy_bit_for_bit(
    seed: int, group: int, numbers: list[int], stream: int
) -> None:
    alone = [
        np.random.SeedSequence(seed, spawn_key=(group, number, stream)).generate_state(4, np.uint64)
        for number in numbers
    ]
    assert np.array_equal(seed_states(seed, group, numbers, stream), alone)


def test_draws_match_numpys_generator_of_the_same_key() -> None:
    for number, generator in zip((3, 70_000), generators(11, 2, (3, 70_000), 1), strict=True):
        key = np.random.SeedSequence(11, spawn_key=(2, number, 1))
        alone = np.random.Generator(np.random.PCG64(key))
        assert np.array_equal(generator.random(50), alone.random(50))


def test_traits_visits_and_days_match_numpys_generators() -> None:
    crowd = draw_people(5, [0, 9], group=1)
    for row, number in enumerate((0, 9)):
        found = (crowd.scores[row], crowd.daily(4)[row], crowd.visits(3, 2)[row])
        streams = [
            np.random.Generator(
                np.random.PCG64(np.random.SeedSequence(5, spawn_key=(1, number, stream)))
            )
            for stream in range(3)
        ]
        alone = (
            streams[0].standard_normal(crowd.scores.shape[1]),
            streams[1].random((4, 8), dtype=np.float32),
            streams[2].standard_normal((3, 2)),
        )
        assert all(np.array_equal(one, other) for one, other in zip(found, alone, strict=True))
