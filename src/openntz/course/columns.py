"""What a table and its columns are: names, kinds and how headers are compared."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from msgspec import Struct

Kind = Literal["identifier", "moment", "date", "number", "count", "choice", "unit", "text"]


class Column(Struct, frozen=True):
    """One column: what it holds and what else it may be called.

    ``units_in_name`` maps a header that states a unit ('dose_g') to that unit; ``unit`` is the
    unit assumed, and said so, when neither the header nor the row states one.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    unit: str = ""
    synonyms: tuple[str, ...] = ()
    units_in_name: tuple[tuple[str, str], ...] = ()


class Table(Struct, frozen=True):
    """One table: what a row is, what else its file may be called, and its columns."""

    name: str
    row: str
    columns: tuple[Column, ...]
    files: tuple[str, ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns without which the table cannot be read."""
        return tuple(c.name for c in self.columns if c.required)

    def column(self, name: str) -> Column:
        """One column by its name in this contract; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def find(self, header: str) -> tuple[Column, str] | None:
        """The column a header stands for and the unit the header states ('' for none).

        None for an unknown header.
        """
        wanted = plain_name(header)
        for column in self.columns:
            for name, unit in column.units_in_name:
                if plain_name(name) == wanted:
                    return column, unit
            if wanted in {plain_name(n) for n in (column.name, *column.synonyms)}:
                return column, ""
        return None


def plain_name(text: str) -> str:
    """A header, file or test name without case, blanks, underscores and punctuation."""
    text = unicodedata.normalize("NFKC", text).casefold()
    for letter, name in (("α", "a"), ("alpha", "a"), ("µ", "u"), ("μ", "u")):
        text = text.replace(letter, name)
    return re.sub(r"[\W_]+", "", text)
