"""The reference arms that published results are held against, and some people under each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from openntz.mechanism.virtual.antibody_assay import ASSAYS, persistent
from openntz.mechanism.virtual.exposure import Regimen
from openntz.mechanism.virtual.fates import Fates
from openntz.mechanism.virtual.parameters import Parameters
from openntz.mechanism.virtual.people import Crowd

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Args = Mapping[str, Any]

# Trials scan before the first dose; lesions of these weeks count against the drug.
BASELINE_SCAN_DAY: Final = -28.0
WEEK: Final = 7.0
_MONTH: Final = 28.0
_TWO_YEARS: Final = 728.0
_YEAR: Final = 364.0
_SWITCH_DAYS: Final = 868.0
# Columns of a person's measurement errors, by what is measured.
LEVEL_ERROR, ANTIBODY_ERROR, LYMPHOCYTE_ERROR, OTHER_ERROR = range(4)
_ERROR_ROWS: Final = 40


def _every(weeks: float, until: float = _TWO_YEARS, *, subcutaneous: bool = False) -> Regimen:
    return Regimen.of(np.arange(0.0, until, weeks * WEEK), subcutaneous=subcutaneous)


def _year_then(later: NDArray[np.float64]) -> Regimen:
    return Regimen.of(np.concatenate([np.arange(0.0, _YEAR, _MONTH), later]))


_MAKERS: Final[Mapping[str, tuple[Callable[[], Regimen], float]]] = MappingProxyType(
    {
        "placebo": (lambda: Regimen.of([]), _TWO_YEARS),
        "single_iv": (lambda: Regimen.of([0.0]), 70.0),
        "single_sc": (lambda: Regimen.of([0.0], subcutaneous=True), 70.0),
        "sc": (lambda: _every(4, subcutaneous=True), _TWO_YEARS),
        "stop": (lambda: _year_then(np.empty(0)), 700.0),
        "switch_q4w": (lambda: _year_then(np.arange(364.0, 869.0, 28.0)), _SWITCH_DAYS),
        "switch_q5w": (lambda: _year_then(np.arange(371.0, 869.0, 35.0)), _SWITCH_DAYS),
        "switch_q6w": (lambda: _year_then(np.arange(378.0, 869.0, 42.0)), _SWITCH_DAYS),
        "restart_few": (
            lambda: Regimen.of(np.concatenate([[0.0, 28.0], np.arange(364.0, 729.0, 28.0)])),
            _TWO_YEARS,
        ),
        "restart_long": (lambda: _year_then(np.arange(536.0, 761.0, 28.0)), 760.0),
        **{f"q{w}w": (lambda w=w: _every(w), _TWO_YEARS) for w in range(4, 13)},
    }
)
ARM_NAMES: Final = tuple(_MAKERS)
INTERVAL_WEEKS: Final = tuple(range(4, 13))
EXTENDED_WEEKS: Final = (5, 6, 7, 8)
"""Intervals of the cohort whose people were dosed every 5 to 8 weeks, in equal shares."""


class Arms(Struct, eq=False):
    """The same N people under every reference arm; each arm is worked out when first asked."""

    crowd: Crowd
    parameters: Parameters
    _fates: dict[str, Fates] = field(default_factory=dict)
    _errors: list[Floats] = field(default_factory=list)

    def __getitem__(self, name: str) -> Fates:
        if name not in self._fates:
            make, days = _MAKERS[name]
            day = np.arange(BASELINE_SCAN_DAY, days + 1.0)
            self._fates[name] = Fates(self.crowd, self.parameters, make(), day)
        return self._fates[name]

    def with_parameters(self, parameters: Parameters, keep: tuple[str, ...]) -> Arms:
        """The same people under other parameters; parts named stay as they were worked out.

        For calibration, where most parts do not depend on what is being fitted.
        """
        other = Arms(self.crowd, parameters, _errors=self._errors)
        for name, fates in self._fates.items():
            known = {part: vars(fates)[part] for part in keep if part in vars(fates)}
            vars(other[name]).update(known)
        return other

    def errors(self, column: int) -> Floats:
        """Standard normal errors of measurement (N, rows) of one kind."""
        if not self._errors:
            self._errors.append(self.crowd.visits(_ERROR_ROWS, 4))
        return self._errors[0][:, :, column]

    def positive(self, scenario: str, args: Args) -> tuple[Bools, Floats, Floats]:
        """Positive tests (N, V), their readings, and days (V,), of an assay and a grid."""
        assay, fates = ASSAYS[args["assay"]], self[scenario]
        first, last = float(args.get("start", 0)), float(args.get("until", fates.day[-1]))
        every = float(args["every"])
        day = np.arange(first + every, last + 0.5, every)
        if not len(day):
            day = np.array([last])
        column = [fates.column(d) for d in day]
        error = self.errors(ANTIBODY_ERROR)[:, np.arange(len(day)) % _ERROR_ROWS]
        reading = assay.reading(
            fates.titre[:, column], fates.free[:, column], error, self.parameters
        )
        return assay.positive(reading), reading, day

    def persistent(self, scenario: str, args: Args) -> Bools:
        """Who (N,) is persistent by the assay and grid of ``args``."""
        positive, _, day = self.positive(scenario, args)
        return persistent(positive, day)

    def among(self, scenario: str, who: str) -> Bools:
        """A subset (N,): 'all', 'kept', 'quiet', or 'persistent', 'transient', 'never'.

        The last three by AFFIRM's assay and visits.
        'kept' are not persistent: who is, stops by the label, and is not in cohorts of people
        long treated. 'quiet' had no relapse and no persistent antibodies in the first year.
        """
        if who == "all":
            return np.ones(self.crowd.count, bool)
        grid = {"assay": "elisa_500", "every": 84}
        if who == "persistent":
            return self.persistent(scenario, grid)
        if who == "kept":
            return ~self.persistent(scenario, grid)
        if who == "transient":
            return in_any(self.positive(scenario, grid)[0]) & ~self.persistent(scenario, grid)
        if who == "never":
            return ~in_any(self.positive(scenario, grid)[0])
        fates = self[scenario]
        year = slice(fates.column(0), fates.column(_YEAR))
        relapsed = in_any(fates.relapses[:, year])
        return ~relapsed & ~self.persistent(scenario, grid | {"until": 336})


def in_any(table: Bools) -> Bools:
    """Who (N,) has something in any column of a table (N, k)."""
    return np.asarray(table.any(axis=1))


def only(values: Floats | Bools, who: Bools) -> Floats:
    """Values with those of other people made NaN: not part of this result."""
    found = np.asarray(values, float).copy()
    found[~who] = np.nan
    return found
