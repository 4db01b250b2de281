"""One person as estimation sees them: dosing, covariates over time, and what was read."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from openntz.forecast.likelihood import Kind
from openntz.mechanism.plan import Span

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class Observations(Struct, frozen=True, eq=False):
    """Readings of one person; each array has shape (m,).

    ``column`` is the time, counted over all the spans' times; ``value`` the reading, or the
    limit of a censored one; ``readout`` the index of what was read (0: the level);
    ``laboratory`` that of the laboratory whose bias it shares, or -1.
    """

    column: Ints
    value: Array
    kind: Ints
    readout: Ints
    laboratory: Ints

    @classmethod
    def levels(cls, column: Ints, value: Array, kind: Ints | None = None) -> Observations:
        """Plain drug levels."""
        size = len(column)
        return cls(
            column=np.asarray(column, np.int64),
            value=np.asarray(value, float),
            kind=np.full(size, Kind.QUANTIFIED) if kind is None else np.asarray(kind, np.int64),
            readout=np.zeros(size, np.int64),
            laboratory=np.full(size, -1),
        )

    @property
    def count(self) -> int:
        """Number of readings m."""
        return len(self.column)


class Subject(Struct, frozen=True, eq=False):
    """A person's spans, with covariates and states per covariate segment (M of all spans).

    ``covariates`` (M,) by the names of the card, without those that are not known; ``occasion``
    (M,) counts from 0; ``raised`` (M,) is the share, 0 to 1, of the antibodies' effect that
    acts on clearance.
    """

    id: str
    spans: tuple[Span, ...]
    covariates: Mapping[str, Array]
    occasion: Ints
    raised: Array
    observations: Observations

    def asked(self, time_day: Array) -> Subject:
        """The same person with further times, after all others, in the last span."""
        last = self.spans[-1]
        longer = Span(last.schedule, last.segment_day, np.concatenate([last.time_day, time_day]))
        return replace(self, spans=(*self.spans[:-1], longer))

    def known(self, **covariates: Array) -> Subject:
        """The same person with some covariates replaced."""
        merged = {**self.covariates, **covariates}
        return replace(self, covariates=MappingProxyType(merged))
