"""Marks as SVG text: shapes, their tooltips, escaping."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final

from openntz.report.charts import Mark

# XML 1.0 forbids these outright, whatever the escaping.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")

_MARKUP: Final = re.compile("[&<>\"']")
_ENTITIES: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
)

RADIUS: Final = 4.6


def printable(text: str) -> str:
    """A text in which what XML and HTML forbid has become U+FFFD."""
    return text if text.isprintable() else _FORBIDDEN.sub("\ufffd", text)


def escape(text: str) -> str:
    """Text safe between tags and inside double quotes."""
    shown = printable(text)
    return shown.translate(_ENTITIES) if _MARKUP.search(shown) else shown


def px(value: float) -> str:
    """A coordinate with one decimal and no trailing zero."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def _polygon(x: float, y: float, points: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{px(x + dx)} {px(y + dy)}" for dx, dy in points) + "Z"


def _star(x: float, y: float) -> str:
    points = []
    for i in range(10):
        r = 7.4 if i % 2 == 0 else 3.1
        angle = math.pi * (i / 5 - 0.5)
        points.append((r * math.cos(angle), r * math.sin(angle)))
    return _polygon(x, y, points)


def _square(x: float, y: float) -> str:
    return _polygon(x, y, [(-4, -4), (4, -4), (4, 4), (-4, 4)])


def _diamond(x: float, y: float) -> str:
    return _polygon(x, y, [(0, -6), (6, 0), (0, 6), (-6, 0)])


def _below(x: float, y: float) -> str:
    return _polygon(x, y, [(-5.5, -1), (5.5, -1), (0, 8)])


def _above(x: float, y: float) -> str:
    return _polygon(x, y, [(-5.5, 1), (5.5, 1), (0, -8)])


def _flag(x: float, y: float) -> str:
    return _polygon(x, y, [(-3, 7), (-3, -7), (6, -3.5), (-1.4, 0), (-1.4, 7)])


def _cross(x: float, y: float) -> str:
    return (
        f"M{px(x - 5)} {px(y - 5)}L{px(x + 5)} {px(y + 5)}"
        f"M{px(x - 5)} {px(y + 5)}L{px(x + 5)} {px(y - 5)}"
    )


def _bar(x: float, y: float) -> str:
    return _polygon(x, y, [(-1.5, -7), (1.5, -7), (1.5, 7), (-1.5, 7)])


def _pin(x: float, y: float) -> str:
    round_head = f"M{px(x - 3.2)} {px(y - 3.8)}a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0 -6.4 0Z"
    return f"{round_head}M{px(x - 0.7)} {px(y - 1)}h1.4V{px(y + 7)}h-1.4Z"


_PATHS: Final[dict[str, Callable[[float, float], str]]] = {
    "square": _square,
    "diamond": _diamond,
    "star": _star,
    "flag": _flag,
    "below": _below,
    "above": _above,
    "cross": _cross,
    "bar": _bar,
    "pin": _pin,
}


def draw_mark(mark: Mark, x: float, y: float) -> str:
    """One mark at a point of the drawing, with its tooltip."""
    title = f"<title>{escape(mark.title)}</title>" if mark.title else ""
    kind = f"m {mark.shape} {mark.tone} {mark.fill}"
    if mark.shape in {"circle", "ring"}:
        r = RADIUS if mark.shape == "circle" else 3.2
        return f'<circle class="{kind}" cx="{px(x)}" cy="{px(y)}" r="{r}">{title}</circle>'
    return f'<path class="{kind}" d="{_PATHS[mark.shape](x, y)}">{title}</path>'


def text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    """One line of text, nothing when there is none; ``kind`` is its CSS class."""
    if not words:
        return ""
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text class="{kind}" x="{px(x)}" y="{px(y)}"{where}>{escape(words)}</text>'
