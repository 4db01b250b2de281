"""Random streams of many people at once, each the one numpy would give that person alone.

``numpy.random.SeedSequence(seed, spawn_key=(group, number, stream))`` is what keeps people apart,
and hashing one key at a time takes longer than drawing what a person needs. This is numpy's own
hash (M. E. O'Neill, "Developing a seed_seq alternative", 2015, as numpy implements and promises
to keep it) over the keys of all people together; the tests hold it against numpy bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, cast

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import ArrayLike, NDArray

Words = NDArray[np.uint32]

_POOL: Final = 4
_INIT_A, _MULT_A = 0x43B0D7E5, 0x931E8875
_INIT_B, _MULT_B = 0x8B51F9DD, 0x58F38DED
_MIX_LEFT, _MIX_RIGHT = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)
_SHIFT: Final = np.uint32(16)
_WORD: Final = 1 << 32
# What PCG64 asks for: four 64-bit words.
_STATE_WORDS: Final = 8


class _Hash:
    """The hash with its running constant, which does not depend on what is hashed."""

    def __init__(self, start: int, factor: int) -> None:
        self.constant, self._factor = start, factor

    def __call__(self, value: Words) -> Words:
        mixed = value ^ np.uint32(self.constant)
        self.constant = self.constant * self._factor % _WORD
        mixed = mixed * np.uint32(self.constant)
        return mixed ^ (mixed >> _SHIFT)


def _mix(into: Words, value: Words) -> Words:
    mixed = into * _MIX_LEFT - value * _MIX_RIGHT
    return mixed ^ (mixed >> _SHIFT)


def _words(number: int) -> list[int]:
    found = [number % _WORD]
    while number >= _WORD:
        number //= _WORD
        found.append(number % _WORD)
    return found


@lru_cache(maxsize=64)
def _begun(seed: int, group: int) -> tuple[tuple[Words, ...], int]:
    """The pool once seed and group are in it, and the constant of the hash by then."""
    entropy = _words(seed)
    entropy += [0] * (_POOL - len(entropy))
    parts = [np.full(1, word, np.uint32) for word in (*entropy, group)]
    first = _Hash(_INIT_A, _MULT_A)
    pool = [first(part) for part in parts[:_POOL]]
    for source in range(_POOL):
        for into in range(_POOL):
            if source != into:
                pool[into] = _mix(pool[into], first(pool[source]))
    _into(pool, first, parts[_POOL:])
    return tuple(pool), first.constant


def _into(pool: list[Words], first: _Hash, parts: Sequence[Words]) -> None:
    for part in parts:
        for at in range(_POOL):
            pool[at] = _mix(pool[at], first(part))


def seed_states(seed: int, group: int, numbers: ArrayLike, stream: int) -> NDArray[np.uint64]:
    """What seeds PCG64 (N, 4) for spawn keys (group, number, stream) of a seed.

    Numbers are 0 to 2^32 - 1, as are group and stream; the seed is any whole number from 0.
    """
    number = np.asarray(numbers).astype(np.uint32)
    begun, constant = _begun(seed, group)
    pool = list(begun)
    _into(pool, _Hash(constant, _MULT_A), [number, np.full(1, stream, np.uint32)])
    second = _Hash(_INIT_B, _MULT_B)
    state = np.empty((len(number), _STATE_WORDS), np.uint32)
    for at in range(_STATE_WORDS):
        state[:, at] = second(pool[at % _POOL])
    return state.view(np.uint64)


class _Known(ISeedSequence):
    """A seed sequence that was worked out before."""

    def __init__(self) -> None:
        self.state = np.zeros(_STATE_WORDS // 2, np.uint64)

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> NDArray[Any]:
        return self.state.view(dtype)[:n_words]


def generators(
    seed: int, group: int, numbers: ArrayLike, stream: int
) -> Iterator[np.random.Generator]:
    """One generator a person, in the order of ``numbers``."""
    known = _Known()
    for state in seed_states(seed, group, numbers, stream):
        known.state = state
        # numpy takes any ISeedSequence; its types name one of them.
        yield np.random.Generator(np.random.PCG64(cast("np.random.SeedSequence", known)))
