"""The observed level of a NONMEM-style row: its value, and the limit where it is censored.

Monolix's convention for CENS: 1 means below DV, -1 above DV. With a column LLOQ, or BLQ with
LIMIT, that column is the limit and DV is a stand-in.
"""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct

from openntz.records.nonmem_cells import Cells, to_number
from openntz.records.problems import CellError, ReadingError
from openntz.records.values import read_value

_LARGEST_LOG: Final = 700.0  # exp() of more overflows
# A limit's logarithm is printed with few digits: ln 0.5 as -0.69.
_PRINTED_LOG: Final = 0.01
_REMEDY: Final = "Give a number, a limit (<2 or >100), or '.' where there is none."
_NAME_LIMIT: Final = "Give the limit in a column LLOQ, or as DV with CENS = 1, or write DV as <2."


class Level(Struct, frozen=True):
    """A level on the natural scale, NaN where missing.

    ``censored`` is 1 below ``limit``, -1 above it and 0 for a value, which has no limit (NaN).
    The value of a censored level is its limit.
    """

    value: float = math.nan
    censored: int = 0
    limit: float = math.nan


def read_level(cells: Cells) -> Level:
    """The level of the row at hand.

    Raises
    ------
    CellError
        When it cannot be read, or its parts contradict each other.
    """
    item = "DV" if cells.has("DV") else "LNDV"
    value, sign = _written(cells, item)
    mark = _mark(cells)
    lloq = _positive(cells, "LLOQ")
    if sign:
        if mark == -sign:
            other = "CENS" if cells.has("CENS") else "BLQ"
            raise cells.error(item, f"contradicts the column {other}.", "Keep the right one.")
        if mark == 0:
            reason = "The level is written as a limit but not marked as censored; it is a limit."
            cells.note("assumed", cells.columns.header(item), cells.text(item), reason)
        if math.isnan(value):
            limit = lloq if lloq is not None else _positive(cells, "LIMIT")
            return _limited(cells, item, sign, limit)
        return _limited(cells, item, sign, value)
    if not mark:
        return Level(value)
    return _limited(cells, item, mark, _limit(cells, item, value, mark, lloq))


def note_unmarked(cells: Cells, level: Level) -> None:
    """Say so where a level that is used as a value is below the limit beside it."""
    lloq = _positive(cells, "LLOQ")
    if lloq is not None and level.censored == 0 and level.value < lloq:
        item = "DV" if cells.has("DV") else "LNDV"
        reason = "The level is below the LLOQ but not marked as censored; it is used as it is."
        remedy = "Mark it with BLQ or CENS = 1 if it is a limit."
        cells.note("assumed", cells.columns.header(item), cells.text(item), reason, remedy)


def _written(cells: Cells, item: str) -> tuple[float, int]:
    """The value as written, on the natural scale, and 1 for '<', -1 for '>'."""
    text = cells.text(item)
    if not text:
        return math.nan, 0
    sign = 0
    header = cells.columns.header(item)
    try:
        value, assumed = to_number(text)
    except ReadingError as plain:
        try:
            reading = read_value(text)
        except ReadingError:
            raise CellError(header, text, plain.reason, _REMEDY) from None
        if reading.below_limit:
            return math.nan, 1
        if not reading.censor or reading.answer or reading.titre:
            raise CellError(header, text, plain.reason, _REMEDY) from None
        if reading.unit or len(reading.numbers) != 1:
            reason = "a limit that is not one plain number."
            raise CellError(header, text, reason, "Write <2 or >100.") from None
        sign = 1 if reading.censor == "<" else -1
        value, assumed = reading.numbers[0]
    if assumed:
        cells.note("read as", header, text, assumed)
    if cells.logarithms:
        if value > _LARGEST_LOG:
            raise CellError(header, text, "too large for a logarithm.", "Check the scale.")
        cells.note("read as", header, "", f"Levels are logarithms and read as exp({item}).")
        value = math.exp(value)
    return value, sign


def _mark(cells: Cells) -> int | None:
    """What BLQ or CENS says: 1, 0, -1 or nothing."""
    item = "CENS" if cells.has("CENS") else "BLQ"
    code = cells.code(item)
    allowed = (0, 1, -1) if item == "CENS" else (0, 1)
    if code is not None and code not in allowed:
        raise cells.error(item, "not a code for censoring.", f"Codes are {allowed}.")
    return code


def _positive(cells: Cells, item: str) -> float | None:
    value = cells.number(item)
    if value is not None and value < 0:
        raise cells.error(item, "a limit cannot be negative.", "Mend it, or write '.'.")
    # 0 is no limit of quantification, but Monolix's usual lower end of an interval.
    return value if item == "LIMIT" or value else None


def _limited(cells: Cells, item: str, sign: int, limit: float | None) -> Level:
    if limit is None or math.isnan(limit) or limit <= 0:
        raise cells.error(item, "the level is censored and no limit is given.", _NAME_LIMIT)
    return Level(limit, sign, limit)


def _limit(cells: Cells, item: str, value: float, mark: int, lloq: float | None) -> float | None:
    """The limit of a level that BLQ or CENS marks as censored."""
    other = _positive(cells, "LIMIT")
    by_column, column = lloq, "LLOQ"
    if cells.has("BLQ") and by_column is None and other:
        by_column, column = other, "LIMIT"
    if mark == 1 and by_column is not None:
        return _beside(cells, item, value, by_column, column)
    if math.isnan(value) or value <= 0:
        return other
    if cells.has("BLQ"):
        reason = "The level is marked as below a limit that no column names; DV is taken as it."
        cells.note("assumed", cells.columns.header(item), cells.text(item), reason, _NAME_LIMIT)
    if other is not None and mark * (value - other) < 0:
        end, side = ("lower", "above") if mark == 1 else ("upper", "below")
        raise cells.error(
            "LIMIT",
            f"with this code LIMIT is the {end} end of an interval and DV the other; it is"
            f" {side} DV.",
            "Put the limit into DV, or name the column LLOQ.",
        )
    if other is not None and other != value:
        reason = "The other end of the interval is not used: the level is beyond DV."
        cells.note("assumed", cells.columns.header("LIMIT"), cells.text("LIMIT"), reason)
    return value


def _beside(cells: Cells, item: str, value: float, limit: float, column: str) -> float:
    header, text = cells.columns.header(item), cells.text(item)
    if cells.logarithms and math.isclose(value, limit, rel_tol=_PRINTED_LOG):
        return limit
    if value > limit:
        raise CellError(
            header, text, f"marked as below the limit, and above {column}.", "Mend one of them."
        )
    if value not in (0.0, limit) and not math.isnan(value):
        reason = f"The level is marked as below the limit; {column} is used and DV is not."
        cells.note("assumed", header, text, reason)
    return limit
