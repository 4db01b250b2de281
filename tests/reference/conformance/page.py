# ruff: noqa: E501 (rows of tables in a page)
"""The conformance page of the docs, from the record of a run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.reference.conformance.compare import Row

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "conformance.md"
RECORD = Path(__file__).parent / "record.json"
HEADER = ("case", "quantity", "numbers", "theirs", "ours", "apart", "tolerance", "measure", "pass")

INTRODUCTION = """# Conformance

Our numbers beside those of NONMEM, Monolix and PsN. Written by `make conformance`, failures
included; do not edit. Where a row stands for many numbers, it shows the one farthest apart
(Monolix: the person nearest to the median over the 20, since its draws are random as ours are).

| cases | whose numbers | how they were made |
|---|---|---|
| `nonmem-oral-1cpt` | NONMEM 7 | posthoc etas, objectives, covariances (ETC) |
| `nonmem-m3-blq` | NONMEM | etas with a level below the limit of quantification (M3) |
| `vancomycin-rolling-forecast` | PsN driving NONMEM | 700 forecasts printed to five digits |
| `vancomycin-rolling-forecast-locf` | the same | covariates carried the wrong way: the check must catch it |
| `monolix-*` | Monolix 2020R1 | posterior means and SDs of 20 people a run |
| all others | this project's independent oracle, **not another program** | harder cases; `tests/reference/derived/README.md` |

Tolerances are those stated with the reference numbers. `measure` says in what the difference is
taken. Where the numbers come from, and under which licences, is in `tests/reference/README.md`.
"""

FORMATS = """## Run it against another program

`python -m tests.reference.conformance --inputs IN` writes `IN/<case>/data.csv` (NONMEM-style)
and `IN/<case>/model.toml` (the model card, [format](cards.md)). Leave the program's results in
`OUT/<case>/` and run `python -m tests.reference.conformance --results OUT`; it needs nothing of
OpenNTZ and no package outside the standard library. CSV with a header, columns in any order,
others ignored, an empty cell for a number there is not:

| file | columns |
|---|---|
| `etas.csv` | `ID, occasion, parameter, eta` (`occasion` empty: an effect between people; parameter as in the card) |
| `individuals.csv` | `ID, objective` (-2 log-likelihood without the 2 pi constant + eta' inv(Omega) eta + ln det Omega - ln det ETC) |
| `covariance.csv` | `ID, row, column, value` and, with occasions, `row_occasion, column_occasion` (ETC) |
| `predictions.csv` | `ID, PRED, IPRED`, one row per row of the data, in its order |
| `posterior.csv` | `ID, parameter, mean, sd` (Monolix cases; `method` is optional) |

A case without files, and a number that is missing, count as failed. These are the files that
`openntz estimate CARD DATA --out OUT --draws 10000` writes.
"""


def cells(row: Row) -> tuple[str, ...]:
    """One row as text."""

    def number(value: float | None, digits: int) -> str:
        return "-" if value is None else f"{value:.{digits}g}"

    return (
        *(row.case, row.quantity, str(row.numbers)),
        *(number(row.theirs, 6), number(row.ours, 6), number(row.apart, 2)),
        *(number(row.tolerance, 3), row.measure, "yes" if row.passed else "NO"),
    )


def text_table(rows: Iterable[Row]) -> str:
    """The table for a terminal."""
    lines = [HEADER, *(cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADER))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def page(record: dict[str, Any]) -> str:
    """The whole page."""
    rows = [Row(**row) for row in record["rows"]]
    failed = [row for row in rows if not row.passed]
    compared = sum(row.numbers for row in rows)
    verdict = (
        f"{len(rows)} rows from {compared} numbers: all within tolerance."
        if not failed
        else f"{len(rows)} rows from {compared} numbers, of which {len(failed)} rows fail."
    )
    table = ["| " + " | ".join(HEADER) + " |", "|---|---|" + "--:|" * 5 + "---|---|"]
    for row in rows:
        line = cells(row)
        marked = (*line[:-1], line[-1] if row.passed else "**NO**")
        table.append("| " + " | ".join(marked) + " |")
    made = (
        f"Posterior draws a person: {record['draws']}; seed {record['seed']}. SHA-256 of the "
        f"reference: `{record['reference'][:16]}`."
    )
    return "\n".join([INTRODUCTION, "## Result", "", verdict, "", *table, "", made, "", FORMATS])
