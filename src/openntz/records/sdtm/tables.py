"""Rows of course tables in the making, and what of a domain was not used."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import Final

from msgspec import Struct, field

from openntz.records.problems import Problem, ProblemKind, shown
from openntz.records.sdtm.domains import Domain, Row

Cells = dict[str, str]
_MOMENT: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?)?(.*)")
_ROUGH: Final = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?")
_PARTIAL: Final = "a date that is not complete to the day is not guessed."
_NO_DATE: Final = "there is no date."
_NO_DAY: Final = "there is no such day or time."
_COMPLETE: Final = "Complete it in the source, or leave the record out on purpose."


class Tables(Struct):
    """Rows by table, and what was not used."""

    rows: dict[str, list[Cells]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unused: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, table: str, **cells: str) -> Cells:
        """One row of a table."""
        row = {k: v for k, v in cells.items() if v}
        self.rows.setdefault(table, []).append(row)
        return row

    def reject(
        self, domain: Domain, row: Row, column: str, reason: str, remedy: str = _COMPLETE
    ) -> None:
        """A record that cannot be used, with its place."""
        self._say("row", domain, row, (column, reason, remedy))

    def strike(self, domain: Domain, row: Row, column: str, reason: str, remedy: str) -> None:
        """A cell that cannot be used of a record that otherwise is."""
        self._say("cell", domain, row, (column, reason, remedy))

    def _say(self, kind: ProblemKind, domain: Domain, row: Row, said: tuple[str, str, str]) -> None:
        column, reason, remedy = said
        self.problems.append(
            Problem(
                table=domain.name.lower(),
                line=row.line,
                column=column,
                value=shown(row.get(column)),
                reason=reason,
                remedy=remedy,
                kind=kind,
                person=row.get("USUBJID"),
            )
        )

    def leave(self, domain: Domain, why: str) -> None:
        """A record that means nothing here, counted by reason."""
        self.unused[domain.name.lower(), why] += 1


def moment(row: Row, *columns: str) -> str:
    """The first date, with its time where there is one; '' when there is none or in part only.

    A time zone is left out: course tables hold local clock time, as the site wrote it.
    """
    found = _MOMENT.fullmatch(row.get(*columns))
    if found is None or (found[3] and found[3][0] not in "TZ+-"):
        return ""
    text = f"{found[1]}T{found[2]}" if found[2] else found[1]
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return ""
    return text


def day(row: Row, *columns: str) -> str:
    """The first date without its time; '' when there is none or in part only."""
    return moment(row, *columns)[:10]


def rough_day(row: Row, *columns: str) -> str:
    """The first date, or year and month, or year, as the tables take for treatments."""
    text = row.get(*columns)
    return text if _ROUGH.fullmatch(text) else day(row, *columns)


def dated(tables: Tables, domain: Domain, row: Row, *columns: str) -> str:
    """The moment of a record; one without is rejected, and '' returned."""
    when = moment(row, *columns)
    if not when:
        text = row.get(*columns)
        column = next((c for c in columns if row.get(c)), columns[0])
        whole = _MOMENT.fullmatch(text)
        reason = _NO_DATE if not text else _NO_DAY if whole else _PARTIAL
        tables.reject(domain, row, column, reason)
    return when


def words(text: str) -> str:
    """Text in capitals, as submissions write terms, in small letters; other text as it is."""
    return text.lower() if text.isupper() else text


def not_done(domain: Domain, row: Row) -> bool:
    """Whether a record says that something was asked for and not done, or did not occur."""
    prefix = domain.name
    return row.get(f"{prefix}STAT").upper() == "NOT DONE" or row.get(f"{prefix}OCCUR").upper() in {
        "N",
        "NO",
    }
