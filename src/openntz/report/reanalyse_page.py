"""The report of a re-analysis: one file that needs no other."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from msgspec import Struct

from openntz.evidence.registry import Fact, Registry
from openntz.reanalyse.result import AnalysisResult
from openntz.reanalyse.table_one import NAME as TABLE_ONE
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
_PLAIN: Final = (
    "ratio", "correlation", "days", "hours", "coefficient", "area", "kappa", "person-year",
    "relapse rates", "times the count", "median level", "median saturation", "median interval",
    "saved", "difference of rates", "rate of first activity",
)  # fmt: skip


class Picture(Struct, frozen=True):
    """A drawn figure with the names of its lines by colour."""

    svg: Markup
    legend: tuple[tuple[str, str], ...]


class Section(Struct, frozen=True):
    """One analysis as a reader sees it."""

    result: AnalysisResult
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    pictures: tuple[Picture, ...]
    facts: tuple[Fact, ...]


class Planned(Struct, frozen=True, kw_only=True):
    """The protocol the run was made by, and where it strayed."""

    who: str
    written: str
    digest: str
    numbers: tuple[str, ...]
    deviations: tuple[str, ...]


class Published(Struct, frozen=True, kw_only=True):
    """A printed figure to stand beside one row of ours.

    ``shown`` is what was printed, ``sources`` the ids of what was read; ``number`` is the figure
    on the scale of the row, for a difference, None where it has none.
    """

    what: str
    analysis: str
    measure: str
    group: str
    shown: str
    sources: tuple[str, ...]
    week: int | None = None
    number: float | None = None


class ReanalysisPage(Struct, frozen=True, kw_only=True):
    """What the report says of itself: data, dates, versions, what was set aside.

    ``people`` is None where even their number was suppressed.
    """

    title: str
    as_of: str
    version: str
    people: int | None
    arms: tuple[tuple[str, int], ...]
    hashes: Mapping[str, str]
    rejected: int
    code_hash: str
    notes: tuple[str, ...] = ()
    protocol: Planned | None = None
    checklist: tuple[tuple[str, str], ...] = ()
    published: tuple[Published, ...] = ()


def cell(name: str, value: Any, measure: str) -> str:
    """A cell as text: shares in per cent, counts whole, a dash where there is nothing."""
    if value is None or value != value:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if name in _COUNTS:
        return f"{value:,.0f}"
    if isinstance(value, float):
        if name in _SHARES and not _plain(measure):
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


def pivoted(result: AnalysisResult) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Table 1 as a reader knows it: what down the side, groups across."""
    groups = tuple(dict.fromkeys(str(r["group"]) for r in result.rows))
    cells: dict[str, dict[str, str]] = {}
    for row in result.rows:
        cells.setdefault(str(row["measure"]), {})[str(row["group"])] = _one(row)
    rows = tuple(
        (measure, *(of.get(group, "–") for group in groups)) for measure, of in cells.items()
    )
    return ("", *groups), rows


def _one(row: Mapping[str, Any]) -> str:
    if row.get("suppressed"):
        return "suppressed"
    if row.get("count") is None:
        if row.get("value") is None:
            return "–"
        return f"{row['value']:.1f} ({row['low']:.1f} to {row['high']:.1f})"
    if row["measure"] == "people":
        return f"{row['count']:,.0f}"
    share = "" if row.get("value") is None else f" ({100 * row['value']:.0f} %)"
    return f"{row['count']:,.0f}{share}"


def beside(
    published: Sequence[Published], results: Sequence[AnalysisResult]
) -> tuple[tuple[str, ...], ...]:
    """Our rows with the printed figures: what, ours, printed, difference, sources."""
    made = {r.name: r for r in results}
    rows = []
    for p in published:
        own = [
            r
            for r in (made[p.analysis].rows if p.analysis in made else [])
            if r["measure"] == p.measure
            and r["group"] == p.group
            and (p.week is None or r.get("week") == p.week)
        ]
        here = ours(own[0]) if own else "not estimated"
        apart = difference(own[0], p) if own else "–"
        rows.append((p.what, here, p.shown, apart, ", ".join(p.sources)))
    return tuple(rows)


def difference(row: Mapping[str, Any], printed: Published) -> str:
    """Ours minus the printed figure, in percentage points where it is a share."""
    value = row.get("value")
    if value is None or printed.number is None or row.get("suppressed"):
        return "–"
    apart = value - printed.number
    if _plain(printed.measure):
        return f"{apart:+.2g}"
    return f"{100 * apart:+.1f} points"


def _plain(measure: str) -> bool:
    return any(word in measure for word in _PLAIN)


def ours(row: Mapping[str, Any]) -> str:
    """Count, denominator, estimate and interval of a row in one cell."""
    if row.get("suppressed"):
        return "suppressed"
    measure = str(row["measure"])
    told = cell("value", row.get("value"), measure)
    if row.get("count") is not None and row.get("n") is not None:
        # Events may be more than people: a rate is no share of them.
        events = "person-year" in measure
        many = (
            f"{row['count']:.0f} in {row['n']:.0f} people"
            if events
            else (f"{row['count']:.0f} of {row['n']:.0f}")
        )
        told = f"{many}, {told}"
    if row.get("low") is not None and row.get("high") is not None:
        ends = (cell(k, row[k], measure) for k in ("low", "high"))
        told = f"{told} ({' to '.join(ends)})"
    return told


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
    first = next((r for r in results if r.name == TABLE_ONE), None)
    return environment.get_template("reanalyse.html").render(
        page=page,
        table_one=None if first is None else pivoted(first),
        first=first,
        beside=beside(page.published, results),
        sections=[section(result, evidence) for result in results if result is not first],
        style=style,
        style_hash=digest,
    )
