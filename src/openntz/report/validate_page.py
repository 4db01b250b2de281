"""The page of `openntz validate`: every published result beside its simulated counterpart."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from msgspec import Struct

from openntz.evidence.registry import Registry
from openntz.mechanism.virtual.parameters import Parameters
from openntz.mechanism.virtual.readouts.compare import Held
from openntz.report.svg_marks import escape, printable, px, text

_TOPICS: Final[Mapping[str, str]] = {
    "level": "Drug levels",
    "saturation": "Saturation",
    "antibodies": "Antibodies",
    "lymphocytes": "Blood counts",
    "leucocytes": "Blood counts",
    "erythroblasts": "Blood counts",
    "b-cells": "Blood counts",
    "relapse": "Relapses",
    "lesion": "Lesions",
    "stop": "After stopping",
    "reaction": "Reactions",
}
_ROW: Final = 18.0
_HEAD: Final = 26.0
_LABELS: Final = 420.0
_WIDTH: Final = 1000.0
# Deviations beyond this many tolerances are drawn at the edge, as an arrow.
_REACH: Final = 4.0
_NORMAL_95: Final = 1.96


class Row(Struct, frozen=True):
    """A line of the table, as text."""

    id: str
    what: str
    published: str
    range: str
    study_error: str
    simulated: str
    mc_error: str
    tolerance: str
    reason: str
    verdict: str
    role: str
    source: str
    citation: str


class Group(Struct, frozen=True):
    """A topic: its rows, and the picture of the same."""

    title: str
    rows: tuple[Row, ...]
    picture: Markup


def number(value: float | None) -> str:
    """A figure with three digits; a dash where there is none."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value:.3g}"


def _published(one: Held) -> str:
    sign = {"equal": "", "at least": "≥ ", "at most": "≤ "}[one.published.relation]
    return f"{sign}{number(one.published.value)}"


def _range(one: Held) -> str:
    p = one.published
    ends = f"{number(p.low)} to {number(p.high)}" if p.low is not None else ""
    people = f"n = {p.n:,}" if p.n is not None else "n not given"
    return ", ".join(part for part in (ends, people) if part)


def _verdict(one: Held) -> str:
    return {None: "not counted", True: "agrees", False: "fails"}[one.agrees]


def _row(one: Held, facts: Registry) -> Row:
    p, s = one.published, one.simulated
    role = "used in calibration" if p.used_in_calibration else "unseen"
    if p.reread:
        role = f"not used in calibration, but decided after a look: {p.reread}"
    note = f" Not counted: {p.not_counted_because}." if not p.counted else ""
    rank = " (unverified)" if p.rank == "unverified" else ""
    return Row(
        id=p.id,
        what=f"{p.what}{rank}",
        published=f"{_published(one)} {p.unit if p.unit != '1' else ''}".strip(),
        range=_range(one),
        study_error=number(p.study_error),
        simulated=number(s.value),
        mc_error=number(s.mc_error),
        tolerance=number(p.tolerance),
        reason=f"{p.reason}.{note}",
        verdict=_verdict(one),
        role=role,
        source=p.source,
        citation=facts.source(p.source).citation,
    )


def _picture(held: Sequence[Held], title: str) -> Markup:
    """Deviations in tolerances: the band of agreement, each result with its 95 % intervals."""
    height = _HEAD + _ROW * len(held) + 8.0
    scale = (_WIDTH - _LABELS - 20.0) / (2.0 * _REACH)
    zero = _LABELS + _REACH * scale

    def x(tolerances: float) -> float:
        return zero + scale * min(max(tolerances, -_REACH), _REACH)

    parts = [
        f'<rect class="within" x="{px(x(-1))}" y="{px(_HEAD - 6)}" '
        f'width="{px(x(1) - x(-1))}" height="{px(height - _HEAD)}"/>',
        f'<path class="zero" d="M{px(zero)} {px(_HEAD - 6)}V{px(height - 6)}"/>',
    ]
    for tick in (-4, -2, -1, 0, 1, 2, 4):
        parts.append(text(x(tick), _HEAD - 12, f"{tick:+d}" if tick else "0", "tick", "middle"))
    for at, one in enumerate(held):
        y = _HEAD + _ROW * at + 6.0
        parts.append(text(_LABELS - 12, y + 4, _short(one.published.what), "label", "end"))
        if math.isnan(one.off):
            parts.append(text(x(0), y + 4, "nobody to simulate it on", "label", "middle"))
            continue
        tolerance = one.published.tolerance
        study = _NORMAL_95 * (one.published.study_error or 0.0) / tolerance
        own = _NORMAL_95 * one.simulated.mc_error / tolerance
        kind = {None: "apart", True: "good", False: "bad"}[one.agrees]
        tip = (
            f"{one.published.what}: published {_published(one)}, simulated "
            f"{number(one.simulated.value)} {one.published.unit}"
        )
        parts.append(
            f'<g class="{kind}"><title>{escape(tip)}</title>'
            f'<path class="study" d="M{px(x(-study))} {px(y)}H{px(x(study))}"/>'
            f'<path class="own" d="M{px(x(one.off - own))} {px(y)}H{px(x(one.off + own))}"/>'
            f'<circle cx="{px(x(one.off))}" cy="{px(y)}" r="4.2"/></g>'
        )
        if abs(one.off) > _REACH:
            far = text(x(one.off), y - 6, f"{one.off:+.0f}", "tick", "middle")
            parts.append(far)
    body = "".join(parts)
    return Markup(
        f'<svg class="held" viewBox="0 0 {px(_WIDTH)} {px(height)}" role="img" '
        f'aria-label="{escape(title)}: simulated minus published, in tolerances">{body}</svg>'
    )


def _short(words: str, most: int = 66) -> str:
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def groups(held: Sequence[Held], facts: Registry) -> tuple[Group, ...]:
    """Results by topic, in the order of the file."""
    by: dict[str, list[Held]] = {}
    for one in held:
        by.setdefault(_TOPICS.get(one.published.id.split(".")[0], "Other"), []).append(one)
    return tuple(
        Group(title, tuple(_row(one, facts) for one in some), _picture(some, title))
        for title, some in by.items()
    )


def tally(held: Sequence[Held]) -> dict[str, int]:
    """How many agree and are not counted; of the unseen, those foretold and those reread."""
    counted = [one for one in held if one.published.counted]
    unseen = [one for one in counted if one.published.foretold]
    reread = [one for one in counted if one.published.reread]
    return {
        "counted": len(counted),
        "agree": sum(one.agrees is True for one in counted),
        "unseen": len(unseen),
        "unseen_agree": sum(one.agrees is True for one in unseen),
        "reread": len(reread),
        "reread_agree": sum(one.agrees is True for one in reread),
        "apart": len(held) - len(counted),
    }


def validate_page(
    held: Sequence[Held],
    parameters: Parameters,
    facts: Registry,
    *,
    people: int,
    seed: int,
    version: str,
) -> str:
    """``index.html``: tally, a picture and a table a topic, and every parameter."""
    static = resources.files("openntz.report") / "static"
    names = ("openntz.css", "evaluate.css", "validate.css")
    style = "\n" + "\n".join((static / n).read_text(encoding="utf-8") for n in names)
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    environment = Environment(
        loader=PackageLoader("openntz.report", "templates"),
        autoescape=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    return environment.get_template("validate.html").render(
        style=Markup(style),
        style_hash=f"sha256-{digest}",
        groups=groups(held, facts),
        tally=tally(held),
        failures=[_row(one, facts) for one in held if one.agrees is False],
        parameters=tuple(parameters.entries.values()),
        people=people,
        seed=seed,
        version=version,
    )
