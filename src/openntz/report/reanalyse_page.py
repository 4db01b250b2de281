"""The report of a re-analysis: one file that needs no other."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from openntz.evidence.registry import Fact, Registry
from openntz.reanalyse.result import AnalysisResult
from openntz.report.reanalyse_charts import TONES, draw
from openntz.report.svg_marks import printable
from openntz.report.words import count

_SHARES: Final = frozenset({"value", "low", "high", "exact_low", "exact_high", "could_be"})
_COUNTS: Final = frozenset({"n", "count", "week", "unknown"})
_HEADS: Final[Mapping[str, str]] = {
    "measure": "what",
    "group": "of whom",
    "n": "of",
    "count": "number",
    "value": "estimate",
    "low": "from",
    "high": "to",
    "exact_low": "exact, from",
    "exact_high": "exact, to",
    "could_be": "could be",
    "p": "p",
}
# Estimates that are no share of something, and are shown as the number they are.
_PLAIN: Final = ("ratio", "correlation", "days", "hours", "coefficient", "area", "kappa")


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn figure with the names of its lines by colour."""

    svg: Markup
    legend: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One analysis as a reader sees it."""

    result: AnalysisResult
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    pictures: tuple[Picture, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReanalysisPage:
    """What the report says of itself: data, dates, versions, what was set aside."""

    title: str
    as_of: str
    version: str
    people: int
    arms: tuple[tuple[str, int], ...]
    hashes: Mapping[str, str]
    rejected: int
    code_hash: str
    notes: tuple[str, ...] = ()


def cell(name: str, value: Any, measure: str) -> str:
    """A cell as text: shares in per cent, counts whole, a dash where there is nothing."""
    if value is None or value != value:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in _COUNTS:
        return f"{value:,.0f}"
    if isinstance(value, float):
        if name in _SHARES and not any(word in measure for word in _PLAIN):
            return f"{100 * value:.1f} %"
        if name == "p":
            return "<0.001" if value < 0.001 else f"{value:.3f}"
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return str(value)


def section(result: AnalysisResult, evidence: Registry) -> Section:
    """One analysis with its table as text and its figures drawn."""
    names = tuple(str(c) for c in result.summary.columns)
    rows = tuple(
        tuple(cell(n, row[n], str(row.get("measure", ""))) for n in names) for row in result.rows
    )
    pictures = []
    for figure in result.figures:
        legend = tuple((tone, line.name) for tone, line in zip(TONES, figure.lines, strict=False))
        pictures.append(Picture(draw(figure), legend if len(legend) > 1 else ()))
    return Section(
        result=result,
        columns=tuple(_HEADS.get(n, n.replace("_", " ")) for n in names),
        rows=rows,
        pictures=tuple(p for p in pictures if p.svg),
        facts=tuple(evidence.fact(f) for f in result.facts),
    )


def _style() -> tuple[Markup, str]:
    static = resources.files("openntz.report") / "static"
    files = ("openntz.css", "evaluate.css", "reanalyse.css")
    style = "\n" + "\n".join((static / n).read_text(encoding="utf-8") for n in files)
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return Markup(style), f"sha256-{digest}"


def reanalysis_page(
    page: ReanalysisPage, results: Sequence[AnalysisResult], evidence: Registry
) -> str:
    """``index.html`` of a re-analysis; outside text is escaped, and no script runs."""
    environment = Environment(
        loader=PackageLoader("openntz.report", "templates"),
        autoescape=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = count
    style, digest = _style()
    return environment.get_template("reanalyse.html").render(
        page=page,
        sections=[section(result, evidence) for result in results],
        style=style,
        style_hash=digest,
    )
