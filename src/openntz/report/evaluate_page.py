"""The pages of an evaluation and of the repeated study: one file each that needs no other."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from msgspec import Struct

from openntz.evidence.registry import Registry
from openntz.forecast.metrics import Share
from openntz.forecast.scoreboard import OVERALL, Evaluation, Group, Series
from openntz.forecast.virtual import Design
from openntz.forecast.virtual_study import Outcome, Study
from openntz.report.evaluate_charts import (
    calibration_chart,
    drift_chart,
    learning_chart,
    scatter_chart,
    vpc_chart,
)
from openntz.report.evaluate_exports import published
from openntz.report.evaluate_words import metric_definitions, per_cent, study_definitions
from openntz.report.svg_marks import printable
from openntz.report.words import count
from openntz.report.xy import draw_xy

_MINUS = "−"


def signed(value: float | None, digits: int = 1) -> str:
    """A number with its sign, or a dash."""
    if value is None:
        return "–"
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0.0:
        return text
    return f"{'+' if value > 0 else _MINUS}{text}"


def plain(value: float | None, digits: int = 1) -> str:
    """A number, or a dash."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", _MINUS)


def share(value: float | None) -> str:
    """A fraction as per cent, or a dash."""
    return "–" if value is None else f"{100 * value:.0f} %"


def limits(found: Share | None) -> str:
    """A counted share with its limits."""
    if found is None:
        return "–"
    return f"{100 * found.value:.0f} % ({100 * found.low:.0f}–{100 * found.high:.0f})"


class GroupRow(Struct, frozen=True):
    """A row of the table of scores, as text."""

    name: str
    cells: tuple[str, ...]


def group_row(g: Group) -> GroupRow:
    """Scores of a group as text."""
    e, b = g.errors, g.bias
    mean = "–" if b is None else f"{signed(b.mean, 2)} ({signed(b.low, 2)} to {signed(b.high, 2)})"
    cells = (
        str(g.count),
        signed(e.mpe),
        plain(e.mape),
        plain(e.rmse),
        share(e.within),
        limits(g.inner),
        limits(g.outer),
        mean,
        f"{g.below_found} / {g.below_forecast:.1f} of {g.limits_known}" if g.limits_known else "–",
    )
    return GroupRow(g.name or "all levels", cells)


def perfect_row(g: Group) -> GroupRow:
    """What only the assay's error would leave."""
    e = g.least
    cells = ("", signed(e.mpe), plain(e.mape), plain(e.rmse), share(e.within), "", "", "", "")
    return GroupRow("perfect forecast, assay error alone", cells)


def drift_words(series: Series) -> str:
    """What the alarm of one assay says."""
    d = series.drift
    if not d.judged:
        return f"{count(len(series.rows), 'level')}: too few to judge."
    if d.alarm is None or d.since is None:
        return f"No alarm in {count(len(series.rows), 'level')}."
    ratio = (
        ""
        if series.ratio is None
        else (f" Measured over forecast changed {series.ratio:.2f}-fold.")
    )
    return (
        f"ALARM on {series.rows[d.alarm].day}: since about {series.rows[d.since].day}, levels are "
        f"{d.direction} than before against their forecasts.{ratio} Ask the laboratory what "
        "changed (kit, calibrator, sampling), and whether the people measured changed."
    )


class Drawn(Struct, frozen=True):
    """A chart beside its words."""

    title: str
    words: str
    alarm: bool
    svg: Markup


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("openntz.report", "templates"),
        autoescape=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = count
    environment.filters["signed"] = signed
    environment.filters["plain"] = plain
    environment.filters["share"] = share
    environment.filters["limits"] = limits
    environment.filters["per_cent"] = per_cent
    return environment


def _style() -> tuple[Markup, str]:
    """The style of all pages and of these, and its hash for the content security policy."""
    static = resources.files("openntz.report") / "static"
    parts = [(static / n).read_text(encoding="utf-8") for n in ("openntz.css", "evaluate.css")]
    style = "\n" + "\n".join(parts)
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return Markup(style), f"sha256-{digest}"


def _render(template: str, **values: Any) -> str:
    style, digest = _style()
    values |= {"style": style, "style_hash": digest}
    return _environment().get_template(template).render(**values)


def sections(groups: Sequence[Group]) -> list[tuple[str, list[GroupRow]]]:
    """The table's parts: all levels with what is possible, then each way of grouping."""
    found: dict[str, list[GroupRow]] = {}
    for g in groups:
        rows = found.setdefault(g.by, [])
        rows.append(group_row(g))
        if g.by == OVERALL:
            rows.append(perfect_row(g))
    return list(found.items())


def evaluation_page(found: Evaluation) -> str:
    """``index.html`` of an evaluation."""
    drawn = [
        Drawn(
            s.name,
            drift_words(s),
            s.drift.alarm is not None,
            Markup(draw_xy(drift_chart(s, found)) if s.drift.judged else ""),
        )
        for s in found.series
    ]
    charts = [Markup(draw_xy(c(found))) for c in (scatter_chart, calibration_chart)]
    if found.vpc:
        charts.append(Markup(draw_xy(vpc_chart(found))))
    return _render(
        "evaluate.html",
        page=found,
        sections=sections(found.groups),
        charts=charts,
        drifts=drawn,
        definitions=metric_definitions(found.rules),
    )


class Beside(Struct, frozen=True):
    """A published number and ours."""

    what: str
    published: str
    ours: str


def beside(study: Study, design: Design, facts: Registry) -> tuple[Beside, ...]:
    """The published arm's numbers beside the published ones."""
    found = []
    for o in published_arm(study, design):
        target = f"target {o.target:g} µg/mL: "
        absolute = f"{signed(o.errors.mpe)} (absolute {plain(o.errors.mape)})"
        values = (
            ("mean error", "%", absolute),
            ("RMSE", "µg/mL", plain(o.errors.rmse)),
            ("mean interval", "weeks", plain(o.mean_week)),
            ("fewer infusions", "%", plain(100 * o.fewer, 0)),
        )
        for metric, unit, ours in values:
            number = published(facts, o.target, metric)
            if number is not None:
                found.append(Beside(f"{target}{metric}, {unit}", f"{number:g}", ours))
    return tuple(found)


def published_arm(study: Study, design: Design) -> tuple[Outcome, ...]:
    """Outcomes from what the published study knew."""
    return tuple(
        o for o in study.outcomes if o.arm.levels == design.levels and not o.arm.saturations
    )


def study_page(study: Study, design: Design, facts: Registry, *, heading: dict[str, str]) -> str:
    """``index.html`` of the repeated study; ``heading`` names model, card, seed and version."""
    return _render(
        "evaluate_study.html",
        study=study,
        design=design,
        heading=heading,
        rows=beside(study, design, facts),
        source=facts.source("van-den-berg-2025"),
        chart=Markup(draw_xy(learning_chart(study, design.targets))),
        definitions=study_definitions(design),
    )
