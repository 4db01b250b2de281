"""What a NONMEM-style data file holds: people as arrays, and everything to be said about it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.records.problems import Problem

Numbers: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[np.int64]


class NonmemSubject(Struct, frozen=True, eq=False, kw_only=True):
    """One individual: its n rows in file order, in the units of the file.

    All arrays have shape (n,) and are read-only.

    Attributes
    ----------
    id : str
        As first written in the file.
    block : int
        1 for the first block of neighbouring rows with this ID, 2 for the next: NONMEM takes
        them as different individuals.
    line : array of int
        Physical line in the file (header: line 1).
    time : array
        Never decreasing but at EVID 3 and 4.
    evid : array of int
        0 observation, 1 dose, 2 other (a prediction is wanted), 3 reset, 4 reset and dose.
    amt, rate, ii, addl, ss : arrays
        Dose items, all 0 where EVID is neither 1 nor 4. ``rate`` 0 is a bolus, -2 a duration
        that the model gives. ADDL and SS are not expanded; ``ss`` is 0 or 1.
    cmt : array of int
        Compartment, 0 where the file leaves it to the model.
    dv : array
        Level on the natural scale, NaN where missing; the limit where censored. Kept on rows
        that are not used, so that predictions can be compared with it.
    mdv : array of int
        0 where the level is used for fitting; always 1 where EVID is not 0.
    censored : array of int
        0 a value, 1 below ``limit``, -1 above it.
    limit : array
        NaN where ``censored`` is 0.
    occasion : array of int
        Code of the occasion; 1 everywhere where the file has none.
    covariates : mapping of str to array
        By name as in the file; NaN where missing.
    """

    id: str
    block: int
    line: Whole
    time: Numbers
    evid: Whole
    amt: Numbers
    rate: Numbers
    ii: Numbers
    addl: Whole
    ss: Whole
    cmt: Whole
    dv: Numbers
    mdv: Whole
    censored: Whole
    limit: Numbers
    occasion: Whole
    covariates: Mapping[str, Numbers]


class SetAside(Struct, frozen=True):
    """An individual that is not used, because a part of its record cannot be relied on."""

    id: str
    block: int
    lines: tuple[int, ...]
    problems: tuple[Problem, ...]


class RowCount(Struct, frozen=True):
    """Where the rows went: ``read`` is always ``used + rejected + set_aside``.

    ``rejected`` rows are nobody's or have no time, ``set_aside`` rows belong to people who are
    set aside; ``comments`` (and repeated headers) are not among the rows read.
    """

    read: int
    used: int
    rejected: int
    set_aside: int
    comments: int


class NonmemData(Struct, frozen=True):
    """A NONMEM-style file.

    ``rejected`` lists every row and cell that is not used and why (a cell that is not a level
    leaves its row in as a wanted prediction), ``notes`` what is used under a stated assumption.
    ``clock_times`` says that TIME was written as hh:mm and is in hours.
    """

    path: Path
    subjects: tuple[NonmemSubject, ...]
    covariate_names: tuple[str, ...]
    set_aside: tuple[SetAside, ...]
    rejected: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    rows: RowCount
    has_occasions: bool
    clock_times: bool

    def covariate(self, name: str) -> str | None:
        """The covariate column of a name in any case; None when the file has none."""
        wanted = name.strip().casefold()
        return next((n for n in self.covariate_names if n.casefold() == wanted), None)
