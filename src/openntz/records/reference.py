"""The reference page of the tables, written from the contract itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from openntz.course.columns import Kind, Table
from openntz.course.spellings import ANSWERS, BELOW_LIMIT, BLANK, ROUTES, SEXES, words_for
from openntz.course.tables import CONTRACT
from openntz.course.vocabulary import CANONICAL_UNITS
from openntz.evidence.registry import Registry
from openntz.records.limits import slug
from openntz.units import spellings

KINDS: Final[dict[Kind, str]] = {
    "identifier": "text; not one that starts with `=` `+` `-` `@`, nor with `<`, `>` or control "
    "characters in it",
    "moment": "`2024-05-01T10:30` or `2024-05-01 10:30`; `2024-05-01` and `00:00` mean that the "
    "time of day is unknown",
    "date": "`2024-05-01`",
    "number": "`2.5`; a decimal comma is read and said",
    "count": "a whole number; `0` is none, empty is not reported",
    "choice": "one of the words below",
    "unit": "a clinic's spelling or UCUM",
    "text": "anything",
}

MAPPING_EXAMPLE: Final = """\
[doses]
file = "infusions 2024.csv"          # its name in the folder
delimiter = ";"
decimal = ","
date_format = "DD/MM/YYYY"           # or "MM/DD/YYYY"; the sign between does not matter

[doses.columns]                      # ours = "theirs"
start = "Infusion begins"
dose_mg = "Milligrams"

[doses.values.route]                 # their word = "ours"
"drip" = "IV"

[doses.defaults]                     # where the column is absent or the cell empty
product = "Tysabri"

[measurements.tests]                 # their test = "ours"
"NTZ Spiegel" = "natalizumab"

[measurements.test_defaults.natalizumab]
unit = "ug/mL"
assay = "bridging ELISA"
lloq = 2

[measurements.test_defaults."anti-natalizumab antibodies"]
threshold = "500 ng/mL"
"""

_INTRODUCTION: Final = """\
# Tables

<!-- Written by openntz.records.reference from the column contract; a test keeps both equal. -->

A folder holds one file per table: CSV (comma, semicolon, tab or bar; UTF-8, UTF-16 with its
mark, or Windows-1252) or Parquet. Every table may be missing: what it would say is then 'not
recorded', never 'none'. People or doses must be there. File names, headers and test names are
compared without regard to case, blanks, underscores and punctuation. Columns that are not
listed here are kept and shown.

Every row is used, used under an assumption that is said, or set aside with the reason and the
remedy. Nothing is guessed and nothing is dropped in silence: `openntz check DIR` lists it all.

- **Files.** `doses.csv` outranks `DOSES.csv`, both outrank `infusions.csv`; the other file is
  set aside whole. A spreadsheet, a packed file or a misspelt name is not read, and said.
- **Columns.** Two columns that stand for one field (`taken` and `date`) must agree in every row,
  or the row is set aside; a mapping file names the right one. Of free text, the column named
  exactly is used and the other kept.
- **Dates.** ISO dates are read as they are. `25/04/2024` is read, and said, because there is no
  month 25. `03/04/2024` is refused unless a mapping file states the order. Years of two figures
  are refused. A time zone is left out, and said; the clock time is kept.
- **Numbers.** `3,4` is 3.4, and said. `1,234` is refused where both 1.234 and 1234 are possible
  for the test. `<2` and `>100` are limits, not values.
- **Units.** A value that cannot be right in its unit is set aside, not converted. A number
  without a unit is set aside, except for an index.
- **Repeated rows.** The second of two equal rows is set aside. A second dose with the same
  start that says something else is set aside too; two subcutaneous injections of half a dose on
  one day are one dose.
- **Later rows.** Rows after the day of the review are kept as planned and not used.
- **Nothing known.** These words count as an empty cell: {blank}.
"""

_MAPPING: Final = """\
## Mapping file

Another layout is described in a TOML file, given with `--mapping`. What it states is not a
guess, so it is the way to read dates and decimals that are open otherwise. All keys are
optional.

```toml
{example}```
"""


def _list(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _rows(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    for row in rows:
        cells = (cell.replace("|", "\\|") for cell in row)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _table(table: Table) -> str:
    rows = [
        (
            f"`{column.name}`" + (" (required)" if column.required else ""),
            column.kind,
            column.meaning + (f", in {column.unit}" if column.unit else ""),
            _list((*column.synonyms, *(n for n, _ in column.units_in_name if n != column.name))),
        )
        for column in table.columns
    ]
    files = f"Also found as {_list(table.files)}.\n" if table.files else ""
    head = f"## {table.name}\n\nA row is {table.row}. {files}".rstrip()
    return f"{head}\n\n{_rows(('column', 'kind', 'meaning', 'also called'), rows)}"


def _tests(registry: Registry) -> str:
    rows = []
    for test, unit in CANONICAL_UNITS.items():
        low, high = (
            registry.fact(f"plausible.{slug(test)}.{end}").number for end in ("lowest", "highest")
        )
        rows.append((test, f"`{unit}`", f"{low:g} to {high:g}", _list(words_for(test))))
    text = (
        "## Tests and their units\n\nThe bounds of what is taken as possible are project defaults"
        " that a site file may move (`plausible.…` in the evidence registry).\n\n"
    )
    return text + _rows(("test", "unit", "possible", "also called"), rows)


def _words(title: str, words: Iterable[tuple[str, str]]) -> str:
    grouped: dict[str, list[str]] = {}
    for word, meaning in words:
        grouped.setdefault(meaning, []).append(word)
    return "\n".join(f"- {title} {m}: {_list(grouped[m])}" for m in grouped) + "\n"


def tables_page(registry: Registry) -> str:
    """The page ``docs/reference/tables.md`` as Markdown."""
    blank = _list(sorted(word for word in BLANK if word))
    kinds = _rows(("kind", "what a cell looks like"), ((k, text) for k, text in KINDS.items()))
    units = _rows(("unit", "written as"), ((f"`{u}`", _list(w)) for u, w in spellings()))
    parts = [
        _INTRODUCTION.format(blank=blank),
        f"## Kinds of cells\n\n{kinds}",
        *(_table(table) for table in CONTRACT.values()),
        _tests(registry),
        "## Words\n\n"
        + _words("route", ROUTES.items())
        + _words("sex", SEXES.items())
        + _words("answer", ANSWERS.items())
        + f"- below the limit of quantification: {_list(sorted(BELOW_LIMIT))}\n",
        f"## Units\n\nAny other spelling is read as UCUM.\n\n{units}",
        _MAPPING.format(example=MAPPING_EXAMPLE),
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts)


if __name__ == "__main__":
    import sys

    from openntz.evidence.registry import registry

    sys.stdout.write(tables_page(registry()))
