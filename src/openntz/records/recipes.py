"""What rows with the same test, unit and assay share, worked out once per combination."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from openntz.course.columns import plain_name
from openntz.course.events import Answer, Assay, Censor
from openntz.course.spellings import TESTS
from openntz.course.vocabulary import (
    ANTIBODIES,
    BILIRUBIN,
    CANONICAL_UNITS,
    JCV_INDEX,
    NATALIZUMAB,
    SATURATION,
)
from openntz.errors import UnitError
from openntz.records.limits import Range
from openntz.records.mapping import ResultDefaults
from openntz.records.problems import CellError, Note, ReadingError
from openntz.records.rows import Row
from openntz.records.values import read_value
from openntz.units import conversion, read_unit

# An assay may repeat its sample number: a book that grows with the file is no book.
LARGEST_BOOK: Final = 20_000
# Results that mean nothing without their assay, so they carry one even when nothing is known.
_ALWAYS_ASSAYED: Final = frozenset({NATALIZUMAB, SATURATION, ANTIBODIES, JCV_INDEX})
_NO_DEFAULTS: Final = ResultDefaults()


class PlainNumber(Struct, frozen=True):
    """What a bare number means in a recipe."""

    value: float
    answer: Answer | None
    as_written: str


class Recipe(Struct, frozen=True, dict=True):
    """How to read a value: ``value * times / over`` is in ``unit``.

    ``lloq`` is 0 when it is not known; ``cut_off`` is the assay's threshold in the unit of the
    values, None when there is none to compare with; ``no_unit`` says why a number cannot be
    used without a unit.
    """

    test: str
    unit: str
    written: str
    times: float
    over: float
    possible: Range
    assay: Assay | None
    lloq: float
    cut_off: float | None
    notes: tuple[Note, ...]
    no_unit: tuple[str, str] | None = None

    @cached_property
    def numbers(self) -> dict[str, PlainNumber]:
        """What bare numbers came to: laboratories report few digits, so most rows repeat one."""
        return {}

    def check_unit(self, text: str) -> None:
        """Raise ``CellError`` when a number has no unit it could be in."""
        if self.no_unit is not None:
            reason, remedy = self.no_unit
            raise CellError("unit", "", f"{text} {reason}", remedy)

    def answer(self, value: float, censor: Censor) -> Answer | None:
        """Positive at or above the assay's cut-off, negative below; None when undecided."""
        if self.cut_off is None:
            return None
        if censor == "<":
            return "negative" if value <= self.cut_off else None
        if value >= self.cut_off:
            return "positive"
        return "negative" if not censor else None


class RecipeBook:
    """The recipes of one table."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self._known: dict[object, Recipe | CellError] = {}
        self._tests = {**TESTS, **row.layout.tests}

    def recipe(self, key: object | None) -> Recipe:
        """The recipe of the row that is set; ``key`` names its combination, None for unknown.

        Raises
        ------
        CellError
            When the test or the unit cannot be used.
        """
        found = self._known.get(key) if key is not None else None
        if found is None:
            try:
                found = self._work_out()
            except CellError as error:
                found = error
            if key is not None:
                if len(self._known) >= LARGEST_BOOK:
                    self._known.clear()
                self._known[key] = found
        if isinstance(found, CellError):
            # Raising one object again and again would pile up its traceback.
            raise CellError(found.column, found.value, found.reason, found.remedy)
        return found

    def named(self) -> str | None:
        """The test of the row that is set, None where it names none that is known here."""
        try:
            return self._tests.get(plain_name(self._row.text("test")))
        except CellError:
            return None

    def with_unit(self, recipe: Recipe, text: str, unit: str) -> Recipe:
        """The recipe for a value that has its unit written beside it.

        Raises
        ------
        CellError
            When the unit does not fit the test, or contradicts the row's unit.
        """
        beside = self._with_conversion(recipe, unit)
        if (
            recipe.no_unit is None
            and recipe.written
            and (
                (beside.times, beside.over, beside.unit) != (recipe.times, recipe.over, recipe.unit)
            )
        ):
            reason = f"the value is in {unit}, the unit says {recipe.written}."
            raise CellError("unit", text, reason, "Keep one of them.")
        if beside.no_unit is None and recipe.no_unit is not None:
            return self._with_assay(beside)
        return replace(beside, written=recipe.written)

    def _work_out(self) -> Recipe:
        row = self._row
        test = self._test()
        defaults = row.layout.test_defaults.get(test, _NO_DEFAULTS)
        waiting = len(row.notes)
        unit = row.given("unit") or self._default(test, "unit", defaults.unit)
        bare = Recipe(
            test=test,
            unit="",
            written="",
            times=1.0,
            over=1.0,
            possible=row.limits.tests[test],
            assay=None,
            lloq=0.0,
            cut_off=None,
            notes=(),
        )
        recipe = self._with_assay(self._with_conversion(bare, unit))
        if test == NATALIZUMAB and recipe.times == recipe.over:
            # No unit slip to fear: whether such a level can be true is judged against the doses.
            recipe = replace(recipe, possible=row.limits.level_as_written)
        notes = tuple(row.notes[waiting:])
        del row.notes[waiting:]
        return replace(recipe, notes=notes)

    def _test(self) -> str:
        row = self._row
        text = row.needed("test")
        name = plain_name(text)
        test = self._tests.get(name)
        if test is None:
            raise CellError("test", text, "not a test known here.", self._suggestion(name))
        if name != plain_name(test):
            row.note("read as", "test", text, f"{text!r} is read as {test}.", each=text)
        return test

    def _suggestion(self, name: str) -> str:
        import difflib

        near = difflib.get_close_matches(name, self._tests, n=1, cutoff=0.75)
        guess = f"Did you mean {self._tests[near[0]]}? " if near else ""
        return (
            f"{guess}Tests: {', '.join(CANONICAL_UNITS)}; map other names in a mapping file:"
            " [measurements.tests]."
        )

    def _default(self, test: str, column: str, stated: str) -> str:
        if stated:
            reason = f"Empty for {test}; the mapping file says {stated!r}."
            self._row.note("assumed", column, "", reason)
        return stated

    def _with_conversion(self, recipe: Recipe, unit: str) -> Recipe:
        """The recipe with the unit its values are written in."""
        test, canonical = recipe.test, CANONICAL_UNITS[recipe.test]
        if not unit:
            if test == JCV_INDEX:
                return replace(recipe, unit=canonical)
            remedy = (
                "Fill in the column unit, or state it in a mapping file:"
                f' [measurements.test_defaults."{test}"] unit = "{canonical}".'
            )
            return replace(recipe, unit=canonical, no_unit=("has no unit.", remedy))
        if test == ANTIBODIES and (own := _own_unit(unit)):
            # Arbitrary units of one assay must never meet the nanograms of another.
            return replace(
                recipe, unit=own, written=unit, possible=self._row.limits.titre, no_unit=None
            )
        read_as = canonical if test == JCV_INDEX and unit == "1" else unit
        molar = self._row.limits.bilirubin_g_per_mol if test == BILIRUBIN else None
        try:
            change = conversion(read_as, canonical, molar_mass_g_per_mol=molar)
            label = read_unit(read_as)[0].label
        except UnitError as error:
            raise CellError(
                "unit", unit, f"not a unit of {test}: {error.what}", error.remedy
            ) from None
        if not change.same or (label != canonical and test != JCV_INDEX):
            verb = "is the same as" if change.same else "is converted to"
            shown = "a fraction" if canonical == "1" else canonical
            self._row.note("read as", "unit", unit, f"{unit} of {test} {verb} {shown}.")
        return replace(
            recipe,
            unit=canonical,
            written=unit,
            times=change.times,
            over=change.over,
            no_unit=None,
        )

    def _with_assay(self, recipe: Recipe) -> Recipe:
        row, test = self._row, recipe.test
        defaults = row.layout.test_defaults.get(test, _NO_DEFAULTS)
        name = row.given("assay") or self._default(test, "assay", defaults.assay)
        lab = row.given("lab") or self._default(test, "lab", defaults.lab)
        lloq = self._lloq(recipe, row.given("lloq") or self._default(test, "lloq", defaults.lloq))
        text = row.given("threshold")
        if test == ANTIBODIES:
            text = text or self._default(test, "threshold", defaults.threshold)
        threshold, cut_off = self._threshold(recipe, text)
        if not (name or lab or lloq or threshold is not None or test in _ALWAYS_ASSAYED):
            return replace(recipe, assay=None, lloq=0.0, cut_off=None)
        assay = Assay(name=name, laboratory=lab, threshold=threshold, lloq=lloq)
        return replace(recipe, assay=assay, lloq=lloq or 0.0, cut_off=cut_off)

    def _lloq(self, recipe: Recipe, text: str) -> float | None:
        """The limit of quantification in the canonical unit, None when it cannot be used."""
        if not text or recipe.no_unit is not None:
            return None
        try:
            reading = read_value(text.lstrip("<≤ "), self._row.mapping.decimal)
            numbers = [number for number, _ in reading.numbers]
            if len(numbers) == 1 and not reading.answer and numbers[0] > 0:
                own = reading.unit
                same = recipe if not own else self._with_conversion(recipe, own)
                value = numbers[0] * same.times / same.over
                if same.no_unit is None and recipe.possible.holds(value):
                    return value
        except (ReadingError, CellError):
            pass  # said below
        reason = "Not a limit of quantification that can be used; it is taken as not recorded."
        remedy = "Give a number above 0 in the unit of the value."
        self._row.note("assumed", "lloq", text, reason, remedy, each=text)
        return None

    def _threshold(self, recipe: Recipe, text: str) -> tuple[float | None, float | None]:
        """The cut-off in ng/mL, and in the unit of the values where the two are comparable."""
        if not text or recipe.test != ANTIBODIES:
            return None, None
        plain = text.casefold()
        for word in ("cut-off", "cutoff", "threshold", "positive", "if", ":", ">", "=", "≥"):
            plain = plain.replace(word, " ")
        try:
            reading = read_value(plain, self._row.mapping.decimal)
            numbers = [number for number, _ in reading.numbers]
            unit = reading.unit or recipe.written
            if len(numbers) == 1 and numbers[0] > 0 and unit:
                own = _own_unit(unit)
                if own:
                    return None, numbers[0] if own == recipe.unit else None
                change = conversion(unit, CANONICAL_UNITS[ANTIBODIES])
                value = change(numbers[0])
                return value, value if recipe.unit == CANONICAL_UNITS[ANTIBODIES] else None
        except (ReadingError, UnitError):
            pass  # said below
        reason = "Not a threshold that can be used; the laboratory's own answer counts."
        remedy = "Write a number with its unit, 500 ng/mL."
        self._row.note("assumed", "threshold", text, reason, remedy, each=text)
        return None, None


def _own_unit(unit: str) -> str:
    """The label of a unit that only its own assay understands, or ''."""
    try:
        found = read_unit(unit)
    except UnitError:
        return ""
    own = {"arbitrary units per volume", "activity per volume", "titre", "index", "fraction"}
    if found[0].dimension not in own:
        return ""
    return "1" if found[0].dimension == "titre" else found[0].label
