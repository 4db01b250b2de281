"""The answer on one person's next dose as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from openntz import __version__

if TYPE_CHECKING:
    from openntz.forecast.decide import Decision, NextDate
    from openntz.forecast.outlook import SteadyTrough
    from openntz.forecast.result import PersonForecast, Quantiles
    from openntz.forecast.scenarios import Scenario
    from openntz.forecast.value_of_level import LevelWorth
    from openntz.monitor.finding import Finding

_DIGITS = 6


def _round(value: float) -> float:
    """Six digits: the draws carry no more, and equal answers stay equal."""
    return float(f"{value:.{_DIGITS}g}")


def _quantiles(q: Quantiles | SteadyTrough) -> dict[str, float]:
    return {"median": _round(q.median), "p05": _round(q.p05), "p95": _round(q.p95)}


def _chances(found: Any) -> dict[str, float]:
    return {f"{level:g}": _round(p) for level, p in found.items()}


def _date(d: NextDate) -> dict[str, Any]:
    return {
        "date": d.day.isoformat(),
        "days_after_last_dose": d.after_days,
        "trough_ug_per_ml": _quantiles(d.level),
        "saturation": _quantiles(d.saturation),
        "p_trough_at_least_ug_per_ml": _chances(d.reaches),
        "p_saturation_at_least": {f"{s:g}": _chances_by(c) for s, c in d.saturates.items()},
        "infusions_a_year": _round(d.infusions_a_year),
        "once_kept": None
        if d.steady is None
        else {
            "trough_ug_per_ml": _quantiles(d.steady),
            "p_trough_at_least_ug_per_ml": _chances(d.steady.reaches),
        },
        "if_missed": [
            {
                "weeks_late": m.weeks,
                "level_ug_per_ml": _quantiles(m.level),
                "saturation": _quantiles(m.saturation),
                "p_level_below_ug_per_ml": _chances(m.below),
            }
            for m in d.missed
        ],
        "keeps_rule": d.keeps,
    }


def _chances_by(cards: Any) -> dict[str, float]:
    return {card: _round(p) for card, p in cards.items()}


def _decision(decision: Decision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    rule = decision.rule
    return {
        "rule": {
            "target_ug_per_ml": rule.target,
            "p_at_least": rule.chance,
            "shortest_days": rule.shortest,
            "longest_days": rule.longest,
            "weekdays": sorted(rule.weekdays),
        },
        "dates": [_date(d) for d in decision.dates],
    }


def _worth(days: tuple[LevelWorth, ...]) -> list[dict[str, Any]]:
    return [
        {
            "days_after_last_dose": d.after_days,
            "p_longer": _round(d.longer),
            "p_shorter": _round(d.shorter),
        }
        for d in days
    ]


def _scenario(s: Scenario) -> dict[str, Any]:
    return {
        "name": s.name,
        "title": s.title,
        "notes": list(s.notes),
        "moments": [
            {
                "what": m.label,
                "date": m.day.isoformat(),
                "level_ug_per_ml": _quantiles(m.level),
                "saturation": _quantiles(m.saturation),
                "p_level_at_least_ug_per_ml": _chances(m.reaches),
            }
            for m in s.moments
        ],
        "span_days": s.span_days,
        "days_below_ug_per_ml": {f"{x:g}": _quantiles(q) for x, q in s.days_below.items()},
        "days_after_last_dose_until_below_ug_per_ml": {
            f"{f.threshold_ug_per_ml:g}": {"median": f.median, "p05": f.p05, "p95": f.p95}
            for f in s.falls
        },
    }


def next_dose_json(
    *,
    forecast: PersonForecast,
    finding: Finding,
    before: tuple[Finding, ...],
    decision: Decision | None,
    offered: NextDate | None,
    worth: tuple[LevelWorth, ...],
    worth_most: LevelWorth | None,
    worth_reason: str,
    scenarios: tuple[Scenario, ...],
) -> str:
    """Everything that `openntz forecast --decide --what-if` prints, levels in ug/mL."""
    body = {
        "openntz": __version__,
        "person": forecast.person,
        "as_of": forecast.as_of.date().isoformat(),
        "status": forecast.status,
        "reason": forecast.reason,
        "notes": list(forecast.notes),
        "model": forecast.model,
        "card_hash": forecast.card_hash,
        "saturation_models": list(forecast.saturation_models),
        "seed": forecast.seed,
        "profile": finding.profile,
        "before_a_dose": [
            {"rule": f.rule, "status": f.status.value, "message": f.message} for f in before
        ],
        "longer_interval": {
            "status": finding.status.value,
            "message": finding.message,
            "offered": None if offered is None else offered.day.isoformat(),
            "sources": list(finding.sources),
        },
        "decision": _decision(decision),
        "one_more_level": {
            "not_computed": worth_reason,
            "worth_most_days_after_last_dose": None
            if worth_most is None
            else worth_most.after_days,
            "days": _worth(worth),
        },
        "what_if": [_scenario(s) for s in scenarios],
        "use": "Research and decision support, not a medical device: a human decides.",
    }
    return json.dumps(body, ensure_ascii=False, indent=2)
