"""Bare numbers that may stand in the rooms that decide, each with the reason.

They are arithmetic, settings of a numerical method, or how a picture is sampled: none says
anything about natalizumab or about a person. A threshold, default or published figure never
belongs here; it becomes a fact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

_WEEK = "days in a week"
_PSIS = "constant of the published estimator of the Pareto shape"
_NUMERICAL = "setting of a numerical method; tests hold the result against an oracle"

_ROWS: Final[Iterable[tuple[str, str, tuple[float, ...], str]]] = (
    ("monitor/profile.py", "_raw", (8,), "size of a cache of files"),
    ("monitor/profile.py", "Profile.days", (7,), _WEEK),
    ("monitor/rule.py", "days_text", (7,), _WEEK),
    ("monitor/rule.py", "days_text", (14,), "from two whole weeks on, days are written as weeks"),
    ("forecast/person.py", "_domain", (7,), _WEEK),
    ("forecast/person.py", "_TRIAGE_RTOL", (1e-4,), _NUMERICAL),
    ("forecast/density.py", "_FLOOR_UG_PER_ML", (1e-9,), "keeps a logarithm finite"),
    ("forecast/density.py", "Problem.log_prior", (0.5,), "half in the normal density"),
    ("forecast/density.py", "Problem.log_likelihood", (0.5,), "half in the normal density"),
    ("forecast/density.py", "build_problem", (100,), "per cent to fraction"),
    ("forecast/map_estimate.py", "_RTOL", (1e-8,), _NUMERICAL),
    ("forecast/map_estimate.py", "_GRADIENT_STEP", (1e-3,), _NUMERICAL),
    ("forecast/map_estimate.py", "_HESSIAN_STEP", (1e-2,), _NUMERICAL),
    ("forecast/map_estimate.py", "_GRADIENT_TOLERANCE", (1e-4,), _NUMERICAL),
    ("forecast/map_estimate.py", "hessian_from", (4,), "four corners of a mixed difference"),
    ("forecast/pareto.py", "_PRIOR_SHAPE", (3.0,), _PSIS),
    ("forecast/pareto.py", "_GRID_MIN", (30,), _PSIS),
    ("forecast/pareto.py", "_QUARTILE", (0.25,), _PSIS),
    ("forecast/pareto.py", "_TAIL_SHARE", (0.2,), _PSIS),
    ("forecast/pareto.py", "_MIN_TAIL", (5,), _PSIS),
    ("forecast/pareto.py", "_PRIOR_K", (0.5,), _PSIS),
    ("forecast/pareto.py", "_PRIOR_COUNT", (10,), _PSIS),
    ("forecast/pareto.py", "fit_generalised_pareto", (0.5,), _PSIS),
    ("forecast/posterior.py", "_DEGREES", (5.0,), "proposal only; importance weights undo it"),
    ("forecast/posterior.py", "_PRIOR_SHARE", (0.1,), "proposal only; importance weights undo it"),
    ("forecast/posterior.py", "_RTOL", (1e-6,), _NUMERICAL),
    (
        "forecast/predict.py",
        "_AFTER_DOSE_DAYS",
        (3.0, 7.0, 14.0, 21.0),
        "where a drawn curve is sampled after a dose; no value depends on it",
    ),
    ("forecast/predict.py", "band", (0.5,), "probability that defines the median"),
    ("forecast/predict.py", "time_below", (0.5,), "probability that defines the median"),
    ("forecast/triage.py", "predictive_quantile", (10,), "bracket of a root search"),
)

# (file, function or constant the number stands in, number) -> reason
ALLOWED: Final[Mapping[tuple[str, str, float], str]] = {
    (file, context, number): reason
    for file, context, numbers, reason in _ROWS
    for number in numbers
}

# (file, text) -> reason
ALLOWED_TEXT: Final[Mapping[tuple[str, str], str]] = {}

# Numbers of a model card that count its parts; the card as a whole cites its source.
ALLOWED_ON_CARDS: Final[Mapping[str, str]] = {
    "structure.compartments": "how many compartments the cited model has, not a measurement",
}
