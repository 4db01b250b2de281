"""Who virtual people are: one random stream a person, whatever the number of people.

Every person has a row of standard normal scores, one a trait, and a row of uniform numbers for
each day; both come from generators seeded by seed, group and number of the person alone. Traits
follow from the scores, so the same person can be given other parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtr

from openntz.evidence.registry import registry
from openntz.mechanism.virtual.parameters import Parameters
from openntz.mechanism.virtual.streams import generators

Floats = NDArray[np.float64]

# New traits go to the end: the place in this list is the place in a person's stream.
TRAITS: Final = (
    *("weight", "age", "sex", "onset_of_disease"),
    *("cl", "vp", "vmax", "spare_kinetic_1", "spare_kinetic_2"),
    *("titre_peak", "titre_onset", "titre_half_life", "titre_redose", "titre_onset_redose"),
    "ec50",
    *("lymphocytes", "cd19", "monocytes", "eosinophils", "basophils", "neutrophils"),
    *("lymphocytes_gain", "cd19_gain", "monocytes_gain", "eosinophils_gain", "basophils_gain"),
    "neutrophils_gain",
    *("lesion_rate", "relapse_rate", "reservoir", "reaction", "titre_plateau"),
)
_COLUMN: Final = {name: at for at, name in enumerate(TRAITS)}
_RESERVED: Final = 64

# Uniform numbers of a day.
LESION, CLUSTER, VISIBLE, SLOW, RELAPSE, REACTION_DURING, REACTION_AFTER, HYPERSENSITIVITY = range(
    8
)
DAILY: Final = 8
_TRAIT_STREAM, _DAILY_STREAM, _VISIT_STREAM, _CONDUCT_STREAM = range(4)


class Crowd(Struct, frozen=True, eq=False):
    """N people by their numbers in a group; ``scores`` (N, traits) are standard normal."""

    seed: int
    group: int
    number: NDArray[np.int64]
    scores: Floats

    @property
    def count(self) -> int:
        """Number of people N."""
        return len(self.number)

    def score(self, trait: str) -> Floats:
        """Standard normal scores (N,) of a trait."""
        return self.scores[:, _COLUMN[trait]]

    def uniform(self, trait: str) -> Floats:
        """The scores of a trait as uniform numbers (N,) in 0-1."""
        return ndtr(self.score(trait))

    def log_normal(self, trait: str, median: float, log_sd: float) -> Floats:
        """A log-normal trait (N,)."""
        return median * np.exp(log_sd * self.score(trait))

    def gamma(self, score: Floats, shape: float) -> Floats:
        """Gamma-distributed frailties (N,) of mean 1 from normal scores."""
        # A score far in the tail rounds to a probability of 1, whose quantile is infinite.
        inside = np.minimum(ndtr(score), 1.0 - 1e-12)
        return gammaincinv(shape, inside) / shape

    def daily(self, days: int) -> NDArray[np.float32]:
        """Uniform numbers (N, days, 8) for each day from the first; longer is an extension."""
        rows = np.empty((self.count, days, DAILY), np.float32)
        for own, generator in zip(rows, self._generators(_DAILY_STREAM), strict=True):
            generator.random(out=own, dtype=np.float32)
        return rows

    def visits(self, rows: int, columns: int) -> Floats:
        """Standard normal numbers (N, rows, columns) for errors of measurements."""
        return self._normal(_VISIT_STREAM, rows, columns)

    def conduct(self, rows: int, columns: int) -> Floats:
        """Standard normal numbers (N, rows, columns) for how treatment goes; rows extend."""
        return self._normal(_CONDUCT_STREAM, rows, columns)

    def _generators(self, stream: int) -> Iterator[np.random.Generator]:
        return generators(self.seed, self.group, self.number, stream)

    def _normal(self, stream: int, rows: int, columns: int) -> Floats:
        found = np.empty((self.count, rows, columns))
        for own, generator in zip(found, self._generators(stream), strict=True):
            generator.standard_normal(out=own)
        return found


def draw_people(seed: int, numbers: Sequence[int], *, group: int = 0) -> Crowd:
    """People of given numbers; a person's scores depend on seed, group and number only."""
    scores = np.empty((len(numbers), _RESERVED))
    streams = generators(seed, group, numbers, _TRAIT_STREAM)
    for own, generator in zip(scores, streams, strict=True):
        generator.standard_normal(out=own)
    return Crowd(seed, group, np.asarray(numbers, np.int64), scores[:, : len(TRAITS)])


def weight_kg(crowd: Crowd) -> Floats:
    """Body weight (N,): log-normal, drawn inside the limits of the pharmacokinetic card.

    Median, spread and limits are the facts ``forecast.weight-unknown-*`` and
    ``evaluate.virtual.lightest`` and ``heaviest``.
    """
    facts = registry()
    median = facts.fact("forecast.weight-unknown-median").number
    log_sd = np.sqrt(np.log1p((facts.fact("forecast.weight-unknown-cv").number / 100.0) ** 2))
    low, high = (facts.fact(f"evaluate.virtual.{n}").number for n in ("lightest", "heaviest"))
    return np.clip(crowd.log_normal("weight", median, float(log_sd)), low, high)


def age_year(crowd: Crowd, p: Parameters) -> Floats:
    """Age at the first dose (N,) in years, inside the limits."""
    drawn = p["people.age.mean"] + p["people.age.sd"] * crowd.score("age")
    return np.clip(drawn, p["people.age.lowest"], p["people.age.highest"])


def female(crowd: Crowd, p: Parameters) -> NDArray[np.bool_]:
    """Who is a woman (N,)."""
    return crowd.uniform("sex") < p["people.female"]


def disease_year(crowd: Crowd, p: Parameters) -> Floats:
    """Years (N,) from the first symptom to the first dose, never before the age of 10."""
    drawn = crowd.log_normal("onset_of_disease", p["people.onset.median"], p["people.onset.log-sd"])
    return np.minimum(drawn, age_year(crowd, p) - 10.0)
