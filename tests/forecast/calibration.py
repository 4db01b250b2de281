"""How well probabilities of several outcomes agree with what happened."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

EDGES = (0.0, 0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 1.0)


@dataclass(slots=True)
class Score:
    """Pairs of a forecast (name, probability) and what was true."""

    probability: list[float] = field(default_factory=list)
    hit: list[bool] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    truths: list[str] = field(default_factory=list)
    firsts: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.truths)

    def add(self, forecast: tuple[tuple[str, float], ...], truth: str) -> None:
        for name, probability in forecast:
            self.name.append(name)
            self.probability.append(probability)
            self.hit.append(name == truth)
        # A cause that was not even considered costs what a chance of one in a million does.
        self.losses.append(-np.log(max(dict(forecast).get(truth, 0.0), 1e-6)))
        self.truths.append(truth)
        self.firsts.append(forecast[0][0])

    def log_score(self) -> float:
        return float(np.mean(self.losses))

    def base_rates(self) -> float:
        """Log score of always answering the shares of the causes in this very sample."""
        share = np.array(list(Counter(self.truths).values())) / self.count
        return float(-(share * np.log(share)).sum())

    def first_right(self) -> float:
        pairs = zip(self.firsts, self.truths, strict=True)
        return float(np.mean([a == b for a, b in pairs]))

    def by_cause(self) -> Iterator[tuple[str, float, float, int, int]]:
        """Cause, mean probability, share in truth, times named first, times right then."""
        names = np.array(self.name)
        for name in sorted(set(self.name)):
            given = np.array(self.probability)[names == name].sum() / self.count
            first = [t for f, t in zip(self.firsts, self.truths, strict=True) if f == name]
            share = self.truths.count(name) / self.count
            yield name, float(given), share, len(first), first.count(name)


@dataclass(frozen=True, slots=True)
class Row:
    """Probabilities between ``low`` and ``high``: how many, expected and true hits, limits."""

    low: float
    high: float
    count: int
    expected: float
    hits: int
    least: float
    most: float


def reliability(score: Score) -> Iterator[Row]:
    """Bins with 99.9 % limits of the number of hits, were every probability right.

    The sum of unequal coins by simulation, since a normal curve fails at few expected hits.
    """
    p, hit = np.array(score.probability), np.array(score.hit)
    rng = np.random.default_rng(0)
    for low, high in itertools.pairwise(EDGES):
        own = (p >= low) & ((p < high) | (high == 1.0))
        if not own.any():
            continue
        draws = np.array([(rng.random(own.sum()) < p[own]).sum() for _ in range(4000)])
        least, most = np.quantile(draws, [0.0005, 0.9995])
        yield Row(low, high, int(own.sum()), float(p[own].sum()), int(hit[own].sum()), least, most)
