"""The machine-readable files of a review as rows; writing them is the caller's business."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from openntz.evidence.registry import Registry
from openntz.forecast.result import PersonForecast, Quantiles
from openntz.monitor.changes import Said
from openntz.monitor.finding import Finding
from openntz.report.finding_view import rows_of
from openntz.report.person import DIED
from openntz.report.review import ProblemLike, Review

FORECAST_HEADER: Final = (
    "person",
    "quantity",
    "day_after_last_dose",
    "median",
    "p05",
    "p95",
    "model",
    "status",
)
PROBLEM_HEADER: Final = ("table", "line", "column", "value", "reason", "remedy")
CONCENTRATION: Final = "concentration_ug_per_ml"
SATURATION: Final = "saturation_fraction"
# In place of 'ok' where levels speak against the forecast.
CONTRADICTED: Final = "contradicted"


def _acknowledged(finding: Finding) -> dict[str, str | None] | None:
    given = finding.acknowledged
    if given is None:
        return None
    return {
        "who": given.who,
        "when": given.when.isoformat(),
        "until": given.until.isoformat(),
        "reason": given.reason,
        "status": None if given.status is None else str(given.status),
    }


def _limits(finding: Finding, registry: Registry) -> dict[str, str]:
    return {name: registry.facts[name].shown for name in finding.facts if name in registry.facts}


def findings_rows(review: Review) -> list[dict[str, Any]]:
    """``findings.json``: one entry per person and rule, people in the order of the export.

    ``rows`` says what stands in each row of ``evidence``, ``limits`` the values of ``facts``, so
    that a later review can tell what changed. ``acknowledged`` is there while it is in force,
    ``lapsed`` says why one no longer is; neither changes the status.
    """
    words = {person.id: rows_of(person.course) for person in review.people}
    as_of = review.as_of.isoformat()
    return [
        {
            "person": f.person,
            "rule": f.rule,
            "status": str(f.status),
            "due": f.due.isoformat() if f.due else None,
            "message": f.message,
            "evidence": list(f.evidence),
            "profile": f.profile,
            "sources": list(f.sources),
            "facts": list(f.facts),
            "others": [
                {"profile": name, "status": str(status), "message": message}
                for name, status, message in f.others
            ],
            "rows": [words[person.id].get(place, "") for place in f.evidence],
            "limits": _limits(f, review.registry),
            "acknowledged": _acknowledged(f),
            "lapsed": f.lapsed or None,
            "as_of": as_of,
        }
        for person in review.people
        for f in person.findings
    ]


def said(review: Review) -> Iterator[Said]:
    """The findings of a review as a later one would find them in ``findings.json``."""
    for person in review.people:
        words = rows_of(person.course)
        for f in person.findings:
            yield Said(
                person=f.person,
                rule=f.rule,
                status=f.status,
                due=f.due,
                message=f.message,
                profile=f.profile,
                evidence=f.evidence,
                rows=tuple(words.get(place, "") for place in f.evidence),
                limits=_limits(f, review.registry),
                as_of=review.as_of,
            )


def findings_json(review: Review) -> str:
    """``findings.json`` as text, one finding a line."""
    lines = [json.dumps(row, ensure_ascii=False) for row in findings_rows(review)]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _status(forecast: PersonForecast) -> str:
    if forecast.status == "ok" and forecast.contradiction:
        return CONTRADICTED
    if forecast.computed or not forecast.reason:
        return forecast.status
    return f"{forecast.status}: {forecast.reason}"


def _digits(value: float) -> str:
    # Six significant digits outlast the solver's tolerance of 1e-6 and are the same everywhere.
    return f"{value:.6g}"


def _numbers(q: Quantiles | None) -> tuple[str, str, str]:
    return ("", "", "") if q is None else (_digits(q.median), _digits(q.p05), _digits(q.p95))


def forecast_rows(review: Review) -> Iterator[tuple[str, ...]]:
    """``forecast.csv``: both quantities on every day of the horizon for every person.

    Where nothing was computed, or the person is recorded as having died, the numbers are empty
    and the status says why. Numbers that the person's own levels contradict have the status
    ``contradicted``.
    """
    for person in review.people:
        f = person.forecast
        status = DIED if person.death else _status(f)
        saturation_model = " + ".join(m for m in (f.model, *f.saturation_models) if m)
        for i, (quantity, model) in enumerate(
            ((CONCENTRATION, f.model), (SATURATION, saturation_model))
        ):
            for day in review.horizon_days:
                pair = f.by_day.get(day) if f.computed and not person.death else None
                numbers = _numbers(pair[i] if pair is not None else None)
                yield (person.id, quantity, str(day), *numbers, model, status)


def problem_rows(problems: Iterable[ProblemLike]) -> Iterator[tuple[str, ...]]:
    """``rejected.csv`` and ``notes.csv``: one row per problem; no line means the whole file."""
    for p in problems:
        line = "" if not p.line else str(p.line)
        yield (p.table, line, p.column, p.value, p.reason, p.remedy)
