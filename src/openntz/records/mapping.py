"""A mapping file: another layout's file names, columns, words, dates, decimals and tests.

It is the sanctioned way to say what an export leaves open, so what it states is not a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import tomli
from msgspec import Struct, field

from openntz.course.columns import plain_name
from openntz.course.spellings import TESTS
from openntz.course.tables import CONTRACT
from openntz.course.vocabulary import CANONICAL_UNITS
from openntz.errors import InputError
from openntz.records.dates import Order, order_of
from openntz.records.text import DELIMITERS
from openntz.records.values import Decimal

if TYPE_CHECKING:
    from pydantic import ValidationError

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class ResultDefaults(Struct, frozen=True):
    """What holds for results of one test where the row does not say; texts as in a cell."""

    unit: str = ""
    assay: str = ""
    lab: str = ""
    threshold: str = ""
    lloq: str = ""


class TableMapping(Struct, frozen=True):
    """How one table differs from the contract.

    ``columns`` maps our name to the file's header, ``values`` per column a plain word to ours,
    ``defaults`` a column to the text that stands in where it is absent or empty.
    """

    file: str = ""
    columns: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: _NOTHING)
    defaults: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    order: Order = ""
    decimal: Decimal = ""
    delimiter: str = ""


class Layout(Struct, frozen=True):
    """A mapping file as used: per table, and the tests of ``measurements``.

    ``tests`` maps a plain word to the test it stands for, beyond the known synonyms.
    """

    tables: Mapping[str, TableMapping] = field(default_factory=lambda: _NOTHING)
    tests: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    test_defaults: Mapping[str, ResultDefaults] = field(default_factory=lambda: _NOTHING)

    def table(self, name: str) -> TableMapping:
        """The mapping of one table; an empty one when the file does not name it."""
        return self.tables.get(name, _PLAIN_TABLE)


_PLAIN_TABLE: Final = TableMapping()


def _entry_model() -> Any:
    # pydantic takes a tenth of a second to load, and most folders come without a mapping file.
    from pydantic import BaseModel, ConfigDict

    class Defaults(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)
        unit: str = ""
        assay: str = ""
        lab: str = ""
        threshold: str = ""
        lloq: str | float | int = ""

    class Entry(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)
        file: str = ""
        columns: dict[str, str] = {}
        values: dict[str, dict[str, str]] = {}
        defaults: dict[str, str | float | int] = {}
        date_format: str = ""
        decimal: str = ""
        delimiter: str = ""
        tests: dict[str, str] = {}
        test_defaults: dict[str, Defaults] = {}

    return Entry


def read_mapping(path: Path) -> Layout:
    """Read and check a mapping file.

    Raises
    ------
    InputError
        When it cannot be read, is not TOML, or names a table, column, test or key that does
        not exist.
    """
    try:
        raw = tomli.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(
            f"the mapping file cannot be read ({error.strerror}).",
            where=str(path),
            remedy="Check the path after --mapping.",
        ) from None
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"the mapping file is not valid TOML ({error}).", where=str(path), remedy="Mend it."
        ) from None
    from pydantic import ValidationError

    entry_model = _entry_model()
    tables: dict[str, TableMapping] = {}
    tests: dict[str, str] = {}
    defaults: dict[str, ResultDefaults] = {}
    for name, entry in raw.items():
        where = f"{path}: [{name}]"
        if name not in CONTRACT:
            raise InputError(
                "there is no such table.", where=where, remedy=f"Tables: {', '.join(CONTRACT)}."
            )
        try:
            checked = entry_model.model_validate(entry)
        except ValidationError as error:
            raise _invalid(error, where) from None
        if name != "measurements" and (checked.tests or checked.test_defaults):
            raise InputError(
                "tests belong to [measurements].", where=where, remedy="Move them there."
            )
        tables[name] = _table(name, checked, where)
        tests.update(_tests(checked.tests, where))
        defaults.update(_test_defaults(checked.test_defaults, tests, where))
    return Layout(MappingProxyType(tables), MappingProxyType(tests), MappingProxyType(defaults))


def _invalid(error: ValidationError, where: str) -> InputError:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"]) or "the entry"
    unknown = first["type"] == "extra_forbidden"
    return InputError(
        f"there is no key {place!r}." if unknown else f"{place}: {first['msg'].lower()}.",
        where=where,
        remedy="Keys: file, columns, values, defaults, date_format, decimal, delimiter; in"
        " [measurements] also tests and test_defaults.",
    )


def _table(name: str, entry: Any, where: str) -> TableMapping:
    known = [column.name for column in CONTRACT[name].columns]
    for key in (*entry.columns, *entry.values, *entry.defaults):
        if key not in known:
            raise InputError(
                f"table {name} has no column {key!r}.",
                where=where,
                remedy=f'Columns: {", ".join(known)}. Write ours = "theirs".',
            )
    order: Order | None = order_of(entry.date_format) if entry.date_format else ""
    if order is None:
        raise InputError(
            f"date_format {entry.date_format!r} is not known.",
            where=where,
            remedy="Write DD/MM/YYYY, MM/DD/YYYY or YYYY-MM-DD; the sign between does not matter.",
        )
    if entry.decimal not in {"", ".", ","}:
        raise InputError(
            f"decimal {entry.decimal!r} is not known.", where=where, remedy='Write "." or ",".'
        )
    if entry.delimiter and entry.delimiter not in list(DELIMITERS):
        raise InputError(
            f"delimiter {entry.delimiter!r} is not known.",
            where=where,
            remedy='Write ",", ";", "|" or "\\t".',
        )
    if entry.file and (entry.file != Path(entry.file).name or entry.file in {".", ".."}):
        raise InputError(
            f"file {entry.file!r} is not a plain file name.",
            where=where,
            remedy="Name a file inside the folder.",
        )
    return TableMapping(
        file=entry.file,
        columns=MappingProxyType(dict(entry.columns)),
        values=MappingProxyType(
            {
                column: MappingProxyType({word_key(w): ours for w, ours in words.items()})
                for column, words in entry.values.items()
            }
        ),
        defaults=MappingProxyType({key: str(text) for key, text in entry.defaults.items()}),
        order=order,
        decimal=entry.decimal,
        delimiter=entry.delimiter,
    )


def word_key(text: str) -> str:
    """A cell's word as value maps compare it: case and outer blanks do not matter."""
    return text.strip().casefold()


def _canonical(test: str, extra: Mapping[str, str], where: str) -> str:
    known = extra.get(plain_name(test)) or TESTS.get(plain_name(test))
    if known is None:
        raise InputError(
            f"there is no test {test!r}.",
            where=where,
            remedy=f"Tests: {', '.join(CANONICAL_UNITS)}.",
        )
    return known


def _tests(words: Mapping[str, str], where: str) -> dict[str, str]:
    return {plain_name(theirs): _canonical(ours, {}, where) for theirs, ours in words.items()}


def _test_defaults(
    entries: Mapping[str, Any], tests: Mapping[str, str], where: str
) -> dict[str, ResultDefaults]:
    return {
        _canonical(test, tests, where): ResultDefaults(
            unit=entry.unit,
            assay=entry.assay,
            lab=entry.lab,
            threshold=entry.threshold,
            lloq=str(entry.lloq),
        )
        for test, entry in entries.items()
    }
