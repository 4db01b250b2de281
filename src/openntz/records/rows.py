"""A row of a table under the contract: cells by column name, typed, with their troubles.

A reader of a table asks a row for what it needs. A cell without which the row means nothing
raises ``CellError`` and the row is set aside; any other cell that cannot be used becomes
unknown, is listed, and the row is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Final, TypeVar

from openntz.course.columns import Table
from openntz.course.spellings import BLANK
from openntz.errors import UnitError
from openntz.records.agreement import agreed
from openntz.records.binding import Binding
from openntz.records.dates import Moment, read_moment, read_rough_day
from openntz.records.limits import Bound, Limits, Range
from openntz.records.mapping import Layout, TableMapping, word_key
from openntz.records.problems import CellError, Log, Note, ProblemKind, ReadingError
from openntz.records.values import UNREADABLE, Reading, read_value
from openntz.units import conversion

Value = TypeVar("Value")

_MOST_KNOWN: Final = 20_000

NOTHING_EXTRA: Final[Mapping[str, str]] = MappingProxyType({})


class Row:
    """One row at a time: ``cells`` and ``line`` are set for each, the rest stays."""

    def __init__(
        self,
        table: Table,
        binding: Binding,
        mapping: TableMapping,
        layout: Layout,
        limits: Limits,
        log: Log,
    ) -> None:
        self.table, self.binding, self.mapping = table, binding, mapping
        self.layout, self.limits, self.log = layout, limits, log
        self.cells: list[str] = []
        self.line = 0
        self.notes: list[Note] = []
        self.errors: list[CellError] = []
        changed = set(binding.rivals) | set(mapping.values)
        self._plain_moments = frozenset(c.name for c in table.columns) - changed
        plain = self._plain_moments - set(mapping.defaults)
        # Where cells stand that are used as they are, -1 where there is no such column.
        self._plain_cells = {name: binding.index.get(name, -1) for name in plain}
        # Rows repeat what others say: moments and numbers about which there was nothing to say.
        self._moments: dict[str, Moment] = {}
        self._numbers: dict[tuple[str, str, str], float] = {}
        self._earliest: Bound = limits.earliest_dose if table.name == "doses" else limits.earliest

    def note(
        self,
        kind: ProblemKind,
        column: str,
        value: str,
        reason: str,
        remedy: str = "",
        *,
        each: str = "",
        person: str = "",
    ) -> None:
        """Say something about this row, if it comes to be used."""
        self.notes.append(
            self.log.note(
                kind, self.table.name, column, value, reason, remedy, each=each, person=person
            )
        )

    def text(self, column: str) -> str:
        """A cell as text; the mapping file's words and defaults are applied.

        Raises
        ------
        CellError
            When two columns stand for this one and say different things.
        """
        position = self._plain_cells.get(column)
        if position is not None:
            return self.cells[position].strip() if position >= 0 else ""
        position = self.binding.index.get(column)
        text = "" if position is None else self.cells[position].strip()
        if column in self.binding.rivals:
            text = self._agreed(column, text)
        words = self.mapping.values.get(column)
        if words and (ours := words.get(word_key(text))) is not None:
            return ours
        if not text and (stated := self.mapping.defaults.get(column)):
            self.note(
                "assumed", column, "", f"Empty; the mapping file says {stated!r}.", each=stated
            )
            return stated
        return text

    def _agreed(self, column: str, text: str) -> str:
        for position in self.binding.rivals[column]:
            other = self.cells[position].strip()
            both = agreed(self.table.column(column), text, other)
            if both is None:
                raise CellError(
                    column,
                    f"{text} / {other}",
                    f"two columns stand for {column} and say different things.",
                    "Remove one of them, or name the right one in a mapping file.",
                )
            text = both
        return text

    def given(self, column: str) -> str:
        """A cell's text, or '' when it is one of the words for 'nothing known'."""
        text = self.text(column)
        return "" if text.casefold() in BLANK else text

    def needed(self, column: str) -> str:
        """A cell's text.

        Raises
        ------
        CellError
            When it is empty.
        """
        text = self.given(column)
        if not text:
            raise CellError(column, self.text(column), "the cell is empty.", "Fill it in.")
        return text

    def optional(self, read: Callable[..., Value], *arguments: object) -> Value | None:
        """What ``read`` gives, or None when the cell cannot be used: it is listed then."""
        try:
            return read(*arguments)
        except CellError as error:
            self.errors.append(error)
            return None

    def moment(self, column: str, text: str, *, rough: bool = False) -> Moment:
        """A cell as a moment inside the possible years; ``rough`` dates may lack the day.

        Raises
        ------
        CellError
            When it is no date, has two readings, or lies outside the possible years.
        """
        if not rough and (known := self._moments.get(text)) is not None:
            return known
        moment = self.any_moment(column, text, rough=rough)
        self.check_moment(column, text, moment.at)
        if not rough and not moment.note and len(self._moments) < _MOST_KNOWN:
            self._moments[text] = moment
        return moment

    def any_moment(self, column: str, text: str, *, rough: bool = False) -> Moment:
        """A cell as a moment of any year, for a caller with bounds of its own.

        Raises
        ------
        CellError
            When it is no date or has two readings.
        """
        read = read_rough_day if rough else read_moment
        try:
            moment = read(text, self.mapping.order)
        except ReadingError as error:
            raise CellError(column, text, error.reason, error.remedy) from None
        if moment.note:
            self.note("assumed", column, text, moment.note)
        return moment

    def check_moment(self, column: str, text: str, at: datetime) -> None:
        """Raise ``CellError`` for a moment outside the possible years."""
        if at < self._earliest.at:
            reason = f"{at.year} is too long ago; years from {self._earliest.shown} are possible."
            raise CellError(column, text, reason, "Check the year.")
        if at > self.limits.latest.at:
            reason = f"{at.date()} is too far ahead; up to {self.limits.latest.shown} is possible."
            raise CellError(column, text, reason, "Check the year.")

    def day(self, column: str) -> date | None:
        """An optional date: None when the cell is empty or cannot be used."""
        text = self.given(column)
        if not text:
            return None
        moment = self.optional(self.moment, column, text)
        return None if moment is None else moment.at.date()

    def when(self, column: str) -> Moment:
        """The moment the row is about.

        Raises
        ------
        CellError
            When the cell is empty or cannot be used.
        """
        position = self.binding.index.get(column)
        if position is not None and column in self._plain_moments:
            # Nearly every moment is a plain ISO one: the short way, a third of the time per row.
            text = self.cells[position].strip()
            if (known := self._moments.get(text)) is not None:
                return known
            try:
                moment = read_moment(text, self.mapping.order)
            except ReadingError:
                pass  # the long way says what is wrong
            else:
                if not moment.note and self._earliest.at <= moment.at <= self.limits.latest.at:
                    if len(self._moments) < _MOST_KNOWN:
                        self._moments[text] = moment
                    return moment
        return self.moment(column, self.needed(column))

    def number(self, column: str, text: str, unit: str, possible: Range) -> float:
        """A cell as one number in ``unit``; a unit in the cell or header is converted.

        Raises
        ------
        CellError
            When it is no single number, its unit does not fit, or it is not possible.
        """
        asked = (column, text, unit)
        if (known := self._numbers.get(asked)) is not None:
            return known
        said = len(self.notes)
        value = self._number(column, text, unit, possible)
        if len(self.notes) == said and len(self._numbers) < _MOST_KNOWN:
            self._numbers[asked] = value
        return value

    def _number(self, column: str, text: str, unit: str, possible: Range) -> float:
        try:
            reading = read_value(text, self.mapping.decimal)
        except ReadingError as error:
            reason = "not a number." if error.reason == UNREADABLE else error.reason
            raise CellError(column, text, reason, "Give a number.") from None
        value = self._single(column, text, reading)
        if unit:
            stated = reading.unit or self.binding.units.get(column, "")
            if not stated:
                self.note("assumed", column, text, f"No unit is stated; taken as {unit}.")
            try:
                value = conversion(stated or unit, unit)(value)
            except UnitError as error:
                raise CellError(column, text, error.what, error.remedy) from None
        elif reading.unit:
            raise CellError(column, text, "not a plain number.", "Give a number.")
        if not possible.holds(value):
            shown = f"{value:g} {unit}".rstrip()
            raise CellError(
                column,
                text,
                f"{shown} cannot be right (possible: {possible.text}).",
                "Check the number and its unit.",
            )
        return value

    def _single(self, column: str, text: str, reading: Reading) -> float:
        if reading.censor or reading.answer or reading.titre or not reading.numbers:
            raise CellError(column, text, "not a plain number.", "Give a number.")
        if len(reading.numbers) > 1:
            values = " or ".join(f"{value:g}" for value, _ in reading.numbers)
            raise CellError(
                column,
                text,
                f"the comma can be read in two ways: {values}.",
                'Write a decimal point, or state decimal = "," in a mapping file.',
            )
        value, note = next(iter(reading.numbers))
        for said in (note, reading.note):
            if said:
                self.note("assumed", column, text, said)
        return value

    def count(self, column: str, highest: int) -> int | None:
        """An optional count: None, not reported, when the cell is empty or cannot be used."""
        text = self.given(column)
        return self.optional(self._counted, column, text, highest) if text else None

    def _counted(self, column: str, text: str, highest: int) -> int:
        remedy = "Give a whole number: 0 for none, nothing for not reported."
        try:
            value = self.number(column, text, "", Range(0.0, float(highest), f"0 to {highest}"))
        except CellError as error:
            reason = f"{error.reason.rstrip('.')}; the count is taken as not reported."
            raise CellError(column, text, reason, remedy) from None
        if not value.is_integer():
            reason = "not a whole number; the count is taken as not reported."
            raise CellError(column, text, reason, remedy)
        return int(value)

    @property
    def extra(self) -> Mapping[str, str]:
        """Cells of columns outside the contract that are not empty."""
        unknown = self.binding.unknown
        if not unknown:
            return NOTHING_EXTRA
        kept = {name: self.cells[i] for i, name in unknown if self.cells[i].strip()}
        return MappingProxyType(kept) if kept else NOTHING_EXTRA


def rough_note(moment: Moment, which: str) -> str:
    """What to say when the ``which`` (first, last) day of a month or year stands in."""
    known = "the year is" if moment.precision == "year" else "year and month are"
    return f"Only {known} known; the {which} day stands in."
