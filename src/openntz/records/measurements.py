"""The table of measurements: tests, units, limits, answers, assays.

Most rows repeat what other rows say about test, unit and assay, so these are worked out once
per combination (a ``Recipe``) and a row costs little more than its moment and its number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from operator import itemgetter
from typing import Final

from msgspec import Struct, field

from openntz.course.events import Answer, Censor, Measurement, Ref
from openntz.course.vocabulary import ANTIBODIES, JCV_DNA, JCV_INDEX, NATALIZUMAB, lost_results
from openntz.records.limits import Range
from openntz.records.problems import CellError, ReadingError
from openntz.records.recipes import LARGEST_BOOK, PlainNumber, Recipe, RecipeBook
from openntz.records.rows import NOTHING_EXTRA, Row
from openntz.records.values import Reading, read_value

_PLAIN: Final = re.compile(r"\d{1,15}(?:\.\d{1,15})?", re.ASCII).fullmatch
_ANSWERED: Final = frozenset({ANTIBODIES, JCV_DNA, JCV_INDEX})
_CHECK: Final = "Check value and unit; a value that cannot be right is not converted."


class _Result(Struct):
    value: float | None = None
    censor: Censor = ""
    answer: Answer | None = None
    unit: str = ""
    said: list[str] = field(default_factory=list)


class MeasurementReader:
    """Reads the rows of one table of measurements."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self._book = RecipeBook(row)
        self._value_at = row.binding.index.get("value")
        self._taken_at = row.binding.index.get("taken")
        names = ("test", "unit", "lloq", "threshold", "assay", "lab")
        places = [row.binding.index[name] for name in names if name in row.binding.index]
        self._key: Callable[[list[str]], object] = itemgetter(*places) if places else tuple
        # Words, defaults and rival columns make equal cells mean different things row by row.
        self._direct = not row.binding.rivals and not row.mapping.values

    def __call__(self) -> Measurement:
        """The measurement in the row that is set.

        Raises
        ------
        CellError
            When moment, test, value or unit is missing, cannot be read or cannot be right.
        """
        row = self._row
        recipe = self._book.recipe(self._key(row.cells) if self._direct else None)
        taken = row.when("taken")
        text = row.cells[self._value_at].strip() if self._value_at is not None else ""
        if not self._direct or not text:
            text = row.text("value")
        number = recipe.numbers.get(text) or self._plain_number(recipe, text)
        if number is None:
            return self._slow(recipe, taken.at, taken.time_known, text)
        row.notes.extend(recipe.notes)
        return Measurement(
            at=taken.at,
            time_known=taken.time_known,
            ref=Ref("measurements", row.line),
            extra=row.extra if row.binding.unknown else NOTHING_EXTRA,
            test=recipe.test,
            value=number.value,
            answer=number.answer,
            unit=recipe.unit,
            assay=recipe.assay,
            as_written=number.as_written,
        )

    def lost(self) -> frozenset[str]:
        """What is missing when the row that is set cannot be used."""
        test = self._book.named()
        return frozenset() if test is None else frozenset({lost_results(test)})

    def _plain_number(self, recipe: Recipe, text: str) -> PlainNumber | None:
        """A bare number that can be right and is not below the limit, or None for the long way."""
        if recipe.no_unit is not None or self._row.mapping.decimal == "," or not _PLAIN(text):
            return None
        value = float(text) * recipe.times / recipe.over
        if not recipe.possible.holds(value) or value < recipe.lloq or _is_bare_zero(recipe, value):
            return None
        written = f"{text} {recipe.written}".rstrip()
        number = PlainNumber(value, recipe.answer(value, ""), written)
        if len(recipe.numbers) < LARGEST_BOOK:
            recipe.numbers[text] = number
        return number

    def _slow(self, recipe: Recipe, at: datetime, time_known: bool, text: str) -> Measurement:
        row = self._row
        try:
            reading = read_value(text, row.mapping.decimal)
        except ReadingError as error:
            raise CellError("value", text, error.reason, error.remedy) from None
        if reading.unit:
            recipe = self._book.with_unit(recipe, text, reading.unit)
        result = self._result(recipe, text, reading)
        row.notes.extend(recipe.notes)
        for said in result.said:
            row.note("assumed", "value", text, said)
        return Measurement(
            at=at,
            time_known=time_known,
            ref=Ref("measurements", row.line),
            extra=row.extra,
            test=recipe.test,
            value=result.value,
            censor=result.censor,
            answer=result.answer,
            unit=result.unit,
            assay=recipe.assay,
            as_written=text if reading.unit else f"{text} {recipe.written}".strip(),
        )

    def _result(self, recipe: Recipe, text: str, reading: Reading) -> _Result:
        said = [reading.note] if reading.note else []
        if reading.answer is not None and recipe.test not in _ANSWERED:
            if not reading.below_limit:
                reason = f"{reading.answer} is no result of {recipe.test}, which is a number."
                raise CellError("value", text, reason, "Give the number.")
        elif reading.answer is not None and not reading.numbers:
            return _Result(answer=reading.answer, said=said)
        if reading.titre:
            return self._titre(recipe, text, reading, said)
        if reading.below_limit and not reading.numbers:
            return self._below(recipe, text, said)
        recipe.check_unit(text)
        value = self._possible(recipe, text, reading, said)
        censor = reading.censor
        bound = self._row.limits.tests[recipe.test]
        if recipe.test == NATALIZUMAB and censor == "<" and not bound.holds(value):
            # 'Below' something no level reaches says nothing.
            raise _impossible(recipe.test, text, f"{value:g} {recipe.written}", bound)
        if recipe.lloq and not censor and value < recipe.lloq:
            value, censor = recipe.lloq, "<"
            said.append("Below the limit of quantification: used as less than that limit.")
        if _is_bare_zero(recipe, value) and not censor:
            said.append("Zero is used as written: no limit of quantification is recorded.")
        answer = reading.answer or recipe.answer(value, censor)
        return _Result(value, censor, answer, recipe.unit, said)

    @staticmethod
    def _below(recipe: Recipe, text: str, said: list[str]) -> _Result:
        if not recipe.lloq:
            raise CellError(
                "value",
                text,
                "below the limit of quantification, but that limit is not recorded.",
                "Fill in the column lloq, or state it in a mapping file:"
                f' [measurements.test_defaults."{recipe.test}"] lloq.',
            )
        said.append("Used as less than the recorded limit of quantification.")
        answer = recipe.answer(recipe.lloq, "<")
        return _Result(recipe.lloq, "<", answer, recipe.unit, said)

    def _titre(self, recipe: Recipe, text: str, reading: Reading, said: list[str]) -> _Result:
        if recipe.test != ANTIBODIES:
            reason = f"a titre is no result of {recipe.test}."
            raise CellError("value", text, reason, "Give the number.")
        possible = self._row.limits.titre
        value = reading.numbers[0][0]
        if not possible.holds(value):
            raise _impossible(recipe.test, text, f"a titre of {value:g}", possible)
        return _Result(value, reading.censor, reading.answer, "1", said)

    @staticmethod
    def _possible(recipe: Recipe, text: str, reading: Reading, said: list[str]) -> float:
        """The value in the canonical unit, of two readings the one that can be right."""
        values = [(n * recipe.times / recipe.over, n, note) for n, note in reading.numbers]
        right = [v for v in values if recipe.possible.holds(v[0])]
        if reading.censor == "<":
            right = [v for v in right if v[0] > 0]
        if len(right) > 1:
            numbers = " or ".join(f"{number:g}" for _, number, _ in right)
            raise CellError(
                "value",
                text,
                f"the comma can be read in two ways, and both are possible: {numbers}.",
                'Write a decimal point, or state decimal = "," in a mapping file.',
            )
        if not right:
            unit = "" if recipe.written == "1" else recipe.written
            shown = " or ".join(f"{number:g} {unit}".rstrip() for _, number, _ in values)
            raise _impossible(recipe.test, text, shown, recipe.possible)
        value, _, note = right[0]
        if note:
            other = " The other reading cannot be right." if len(values) > 1 else ""
            said.append(note + other)
        return value


def _is_bare_zero(recipe: Recipe, value: float) -> bool:
    """Whether a level is zero where no laboratory can measure zero."""
    return value == 0 and recipe.test == NATALIZUMAB and not recipe.lloq


def _impossible(test: str, text: str, shown: str, possible: Range) -> CellError:
    reason = f"{shown} cannot be right for {test} (possible: {possible.text})."
    return CellError("value", text, reason, _CHECK)
