"""The machine-readable files of an evaluation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from msgspec.structs import asdict

from openntz.evidence.registry import Registry
from openntz.forecast.likelihood import Kind
from openntz.forecast.metrics import errors
from openntz.forecast.scoreboard import Evaluation, Forecast, Series
from openntz.forecast.virtual import Design
from openntz.forecast.virtual_study import Study
from openntz.report.evaluate_words import metric_definitions, study_definitions

PREDICTION_HEADER: Final = (
    "person",
    "line",
    "date",
    "assay",
    "laboratory",
    "antibodies",
    "levels_used",
    "day_after_last_dose",
    "measured_ug_per_ml",
    "censor",
    "median",
    "p05",
    "p25",
    "p75",
    "p95",
    "pit_low",
    "pit_high",
    "standardised_error",
    "lloq",
    "probability_below_lloq",
    "method",
    "status",
    "reason",
    "model",
)
CENSOR: Final = {Kind.QUANTIFIED: "", Kind.BELOW: "<", Kind.ABOVE: ">"}


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def prediction_rows(found: Evaluation) -> Iterator[tuple[str, ...]]:
    """``predictions.csv``: one row per level, scored or not."""
    for r in found.rows:
        numbers = ("",) * 8
        if r.scored:
            wide, narrow, middle, upper, top = r.quantiles
            values = (middle, wide, narrow, upper, top, *r.pit, r.score)
            numbers = tuple(_digits(v) for v in values)
        yield (
            r.person,
            str(r.line),
            r.day.isoformat(),
            r.assay,
            r.laboratory,
            r.antibodies,
            str(r.used),
            _digits(r.day_after_dose),
            _digits(r.value),
            CENSOR[r.kind],
            *numbers,
            _digits(r.lloq),
            _digits(r.below_limit),
            r.method,
            r.status,
            r.reason,
            found.model,
        )


def _series(s: Series) -> dict[str, Any]:
    d = s.drift
    return {
        "series": s.name,
        "levels": len(s.rows),
        "limit": d.limit if d.judged else None,
        "alarm": None if d.alarm is None else s.rows[d.alarm].day.isoformat(),
        "since": None if d.since is None else s.rows[d.since].day.isoformat(),
        "direction": d.direction,
        "ratio_after_to_before": s.ratio,
    }


def _people(found: Evaluation) -> list[dict[str, Any]]:
    by_person: dict[str, list[Forecast]] = {}
    for r in found.rows:
        by_person.setdefault(r.person, []).append(r)
    rows = []
    for person, own in by_person.items():
        numbers = [r for r in own if r.scored and r.kind is Kind.QUANTIFIED]
        e = errors(
            np.array([r.predicted for r in numbers]),
            np.array([r.value for r in numbers], float),
            found.rules.within_percent,
        )
        scored = sum(r.scored for r in own)
        rows.append({"person": person, "levels": len(own), "scored": scored, **asdict(e)})
    return rows


def evaluation_json(found: Evaluation) -> str:
    """``evaluate.json``: settings, definitions, scores by group, drift, calibration, check."""
    content = {
        "version": found.version,
        "as_of": found.as_of.isoformat(),
        "profile": found.profile,
        "model": found.model,
        "card_hash": found.card_hash,
        "seed": found.seed,
        "definitions": metric_definitions(found.rules),
        "rules": asdict(found.rules),
        "people": found.people,
        "levels": len(found.rows),
        "scored": len(found.scored),
        "not_scored": dict(found.reasons),
        "groups": [asdict(g) for g in found.groups],
        "drift": [_series(s) for s in found.series],
        "pit": [float(x) for x in found.pit],
        "vpc": {"bins": [asdict(b) for b in found.vpc], "left_out": found.vpc_left_out},
        "by_person": _people(found),
    }
    return json.dumps(content, ensure_ascii=False, indent=1, default=asdict) + "\n"


PUBLISHED: Final = {
    (10.0, "mean error"): "mipd.prediction-error.target-10",
    (5.0, "mean error"): "mipd.prediction-error.target-5",
    (10.0, "RMSE"): "mipd.rmse.target-10",
    (5.0, "RMSE"): "mipd.rmse.target-5",
    (2.0, "mean interval"): "mipd.mean-interval.target-2",
    (2.0, "fewer infusions"): "mipd.fewer-infusions.target-2",
}


def published(facts: Registry, target: float, metric: str) -> float | None:
    """The published number, None where the abstract gives none."""
    name = PUBLISHED.get((target, metric))
    return None if name is None else facts.fact(name).number


def study_json(
    study: Study, design: Design, facts: Registry, *, model: str, card_hash: str, seed: int
) -> str:
    """``evaluate.json`` of the repeated study."""
    content = {
        "model": model,
        "card_hash": card_hash,
        "seed": seed,
        "people": study.people,
        "not_converged": study.unsettled,
        "design": asdict(design),
        "definitions": study_definitions(design),
        "published": [
            {
                "target": target,
                "metric": metric,
                "value": facts.fact(name).number,
                "unit": facts.fact(name).unit,
                "sources": list(facts.fact(name).sources),
            }
            for (target, metric), name in PUBLISHED.items()
        ],
        "outcomes": [asdict(o) for o in study.outcomes],
        "posterior": [asdict(c) for c in study.calibrations],
    }
    return json.dumps(content, ensure_ascii=False, indent=1, default=asdict) + "\n"
