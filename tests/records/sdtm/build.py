"""Domains as text, and the tables they become."""

from __future__ import annotations

import csv
import io

from openntz.records.sdtm.codes import StudyCodes
from openntz.records.sdtm.convert import Cells, Tables, convert
from openntz.records.sdtm.domains import Domain, Row


def domain(name: str, text: str) -> Domain:
    """A domain from CSV text; its first line is the header."""
    lines = [line.strip() for line in text.strip().splitlines()]
    reader = csv.DictReader(io.StringIO("\n".join(lines)))
    rows = tuple(Row(i, row) for i, row in enumerate(reader, start=2))
    return Domain(name, f"{name.lower()}.csv", rows, frozenset(reader.fieldnames or ()))


def tables(codes: StudyCodes | None = None, /, **domains: str) -> Tables:
    """What domains given as text become."""
    return convert(
        [domain(name.upper(), text) for name, text in domains.items()], codes or StudyCodes()
    )


def rows(table: str, codes: StudyCodes | None = None, /, **domains: str) -> list[Cells]:
    """The rows of one table."""
    return tables(codes, **domains).rows.get(table, [])
