"""What rolling forecasts were worth: every level with its forecast, and scores by group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Final, Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from openntz.evidence.registry import Registry
from openntz.forecast.drift import Drift, drift
from openntz.forecast.likelihood import Kind
from openntz.forecast.metrics import (
    Bias,
    Errors,
    Share,
    bias,
    coverage,
    errors,
    least_errors,
    pit_bars,
)
from openntz.forecast.predictive import Predictive, normal_score
from openntz.forecast.rolling import Answer, Question, kind_of
from openntz.forecast.vpc import VpcBin
from openntz.models.residual import Residual

Array = NDArray[np.float64]
Status = Literal["scored", "not scored"]

_FRACTION: Final = 0.01
OVERALL: Final = "all"


class Rules(Struct, frozen=True, kw_only=True):
    """How forecasts are scored; every field is a fact under ``evaluate.``."""

    within_percent: float
    inner: float
    outer: float
    confidence: float
    false_alarm: float
    allowance: float
    vpc_percentiles: tuple[float, float, float]
    vpc_bin_size: int
    vpc_bins: int
    vpc_last_day: float
    pit_bins: int
    used_together: int

    @classmethod
    def from_registry(cls, facts: Registry) -> Rules:
        """Rules from the shipped registry or one with a site's decisions."""

        def number(name: str) -> float:
            return facts.fact(f"evaluate.{name}").number

        low, high = number("vpc-low") * _FRACTION, number("vpc-high") * _FRACTION
        return cls(
            within_percent=number("within"),
            inner=number("inner-interval") * _FRACTION,
            outer=number("outer-interval") * _FRACTION,
            confidence=number("confidence") * _FRACTION,
            false_alarm=number("drift-false-alarm") * _FRACTION,
            allowance=number("drift-allowance"),
            vpc_percentiles=(low, 1.0 / 2.0, high),
            vpc_bin_size=round(number("vpc-bin-size")),
            vpc_bins=round(number("vpc-bins")),
            vpc_last_day=number("vpc-last-day"),
            pit_bins=round(number("pit-bins")),
            used_together=round(number("used-together")),
        )

    @property
    def quantiles(self) -> tuple[float, ...]:
        """Ends of the wide and the narrow interval around the median, ascending."""
        wide, narrow = (1.0 - self.outer) / 2.0, (1.0 - self.inner) / 2.0
        return wide, narrow, 1.0 / 2.0, 1.0 - narrow, 1.0 - wide


class Forecast(Struct, frozen=True, kw_only=True):
    """One level and its forecast from the levels before; levels in ug/mL.

    ``value`` is the number or, by ``kind``, the limit. ``quantiles`` are those of a measured
    level at ``Rules.quantiles``, ``pit`` its transform (see ``Predictive.pit``), ``score`` its
    standardised error, ``below_limit`` the forecast probability of a result below the assay's
    limit of quantification, where that is known.
    """

    person: str
    line: int
    day: date
    assay: str
    laboratory: str
    antibodies: str
    used: int
    value: float | None
    kind: Kind
    status: Status
    reason: str = ""
    day_after_dose: float | None = None
    quantiles: tuple[float, ...] = ()
    pit: tuple[float, float] = (0.0, 1.0)
    score: float = 0.0
    below_limit: float | None = None
    lloq: float | None = None
    method: str = ""

    @property
    def scored(self) -> bool:
        """Whether there is a forecast to score."""
        return self.status == "scored"

    @property
    def predicted(self) -> float:
        """Median of the predictive distribution."""
        return self.quantiles[len(self.quantiles) // 2]

    @property
    def series(self) -> str:
        """Assay and laboratory: what may drift together."""
        return f"{self.assay}, {self.laboratory}"


def scored(
    question: Question, answer: Answer, antibodies: str, residual: Residual, rules: Rules
) -> Forecast:
    """A level beside its forecast, or beside the reason why there is none."""
    level, limit = question.level, question.limit
    assay = level.assay
    plain = Forecast(
        person=question.person,
        line=level.ref.line,
        day=question.at.date(),
        assay=(assay.name if assay is not None else "") or "assay not recorded",
        laboratory=(assay.laboratory if assay is not None else "") or "laboratory not recorded",
        antibodies=antibodies,
        used=question.used,
        value=level.value if limit is None else limit.value,
        kind=kind_of(question),
        status="not scored",
        reason=answer.reason,
    )
    if answer.draws is None or limit is None:
        return plain
    predictive = Predictive(answer.draws, residual)
    pit = predictive.pit(limit.value, limit.kind)
    lloq = assay.lloq if assay is not None else None
    if lloq is None and limit.kind is Kind.BELOW:
        lloq = limit.value
    return replace(
        plain,
        status="scored",
        day_after_dose=question.day_after_dose,
        quantiles=predictive.quantiles(rules.quantiles),
        pit=pit,
        score=normal_score(*pit),
        below_limit=None if lloq is None else predictive.below(lloq),
        lloq=lloq,
        method=answer.method,
    )


class Group(Struct, frozen=True):
    """Scores of the forecasts that share ``name`` under ``by``.

    ``least`` is what the same errors would be if every true level were known and only the
    assay erred. ``limits`` are results beyond a limit: number found, and number forecast below
    the limit of quantification among those whose limit is known.
    """

    by: str
    name: str
    errors: Errors
    least: Errors
    inner: Share | None
    outer: Share | None
    bias: Bias | None
    count: int
    limits: int
    limits_known: int
    below_found: int
    below_forecast: float


def group(by: str, name: str, rows: Sequence[Forecast], residual: Residual, rules: Rules) -> Group:
    """Scores of some scored forecasts."""
    numbers = [r for r in rows if r.kind is Kind.QUANTIFIED]
    predicted = np.array([r.predicted for r in numbers])
    measured = np.array([r.value for r in numbers], float)
    pit = np.array([r.pit for r in rows]).reshape(-1, 2)
    known = [r for r in rows if r.below_limit is not None]
    return Group(
        by=by,
        name=name,
        errors=errors(predicted, measured, rules.within_percent),
        least=least_errors(predicted, residual, rules.within_percent),
        inner=coverage(pit, rules.inner, rules.confidence),
        outer=coverage(pit, rules.outer, rules.confidence),
        bias=bias(np.array([r.score for r in rows]), rules.confidence),
        count=len(rows),
        limits=len(rows) - len(numbers),
        limits_known=len(known),
        below_found=sum(r.kind is Kind.BELOW for r in known),
        below_forecast=float(sum(r.below_limit or 0.0 for r in known)),
    )


def _used_name(rules: Rules) -> Callable[[Forecast], str]:
    most = rules.used_together
    return lambda r: f"{most} or more" if r.used >= most else str(r.used)


def groups(rows: Iterable[Forecast], residual: Residual, rules: Rules) -> tuple[Group, ...]:
    """Scores of all, then by levels used, assay, laboratory and antibodies."""
    scored = [r for r in rows if r.scored]
    found = [group(OVERALL, "", scored, residual, rules)]
    ways: tuple[tuple[str, Callable[[Forecast], str]], ...] = (
        ("levels used", _used_name(rules)),
        ("assay", lambda r: r.assay),
        ("laboratory", lambda r: r.laboratory),
        ("antibodies", lambda r: r.antibodies),
    )
    for by, name_of in ways:
        for name in sorted({name_of(r) for r in scored}):
            own = [r for r in scored if name_of(r) == name]
            found.append(group(by, name, own, residual, rules))
    return tuple(found)


class Series(Struct, frozen=True, eq=False):
    """Standardised errors of one assay and laboratory in order of time, judged for drift.

    ``ratio`` is the geometric mean of measured over forecast from the change on, over that
    before it; None without alarm, or without numbers on both sides.
    """

    name: str
    rows: tuple[Forecast, ...]
    drift: Drift
    ratio: float | None = None


def _ratio(rows: Sequence[Forecast], since: int) -> float | None:
    logs: tuple[list[float], list[float]] = ([], [])
    for i, r in enumerate(rows):
        if r.kind is Kind.QUANTIFIED and r.value and r.predicted > 0.0:
            logs[i >= since].append(float(np.log(r.value / r.predicted)))
    before, after = logs
    if not before or not after:
        return None
    return float(np.exp(np.mean(after) - np.mean(before)))


def drifts(rows: Iterable[Forecast], rules: Rules) -> tuple[Series, ...]:
    """Every assay and laboratory, judged by itself."""
    scored = sorted((r for r in rows if r.scored), key=lambda r: (r.day, r.person, r.line))
    found = []
    for name in sorted({r.series for r in scored}):
        own = tuple(r for r in scored if r.series == name)
        judged = drift(
            np.array([r.score for r in own]),
            allowance=rules.allowance,
            false_alarm=rules.false_alarm,
        )
        ratio = None if judged.since is None else _ratio(own, judged.since)
        found.append(Series(name, own, judged, ratio))
    return tuple(found)


def calibration(rows: Iterable[Forecast], rules: Rules) -> Array:
    """Share (bins,) of levels per equal part of their predictive distribution."""
    pit = np.array([r.pit for r in rows if r.scored]).reshape(-1, 2)
    return pit_bars(pit, rules.pit_bins) if len(pit) else np.zeros(rules.pit_bins)


class Evaluation(Struct, frozen=True, eq=False, kw_only=True):
    """Everything an evaluation found; ``vpc_left_out`` scored levels are not in the check."""

    as_of: date
    version: str
    profile: str
    model: str
    model_title: str
    card_hash: str
    seed: int
    people: int
    rules: Rules
    rows: tuple[Forecast, ...]
    groups: tuple[Group, ...]
    series: tuple[Series, ...]
    pit: Array
    vpc: tuple[VpcBin, ...]
    vpc_left_out: int

    @property
    def scored(self) -> tuple[Forecast, ...]:
        """The levels that have a forecast."""
        return tuple(r for r in self.rows if r.scored)

    @property
    def reasons(self) -> tuple[tuple[str, int], ...]:
        """Why levels were not scored, and how many; the first clause of each reason."""
        found = Counter(r.reason.partition(": ")[0] for r in self.rows if not r.scored)
        return tuple(found.most_common())

    @property
    def alarms(self) -> tuple[Series, ...]:
        """Assays whose errors changed."""
        return tuple(s for s in self.series if s.drift.alarm is not None)
