"""Domains in the making: records with their numbers, study days and supplemental qualifiers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Final

from msgspec import Struct, field

from openntz.course.events import Event
from openntz.records.datasets import Cell, Dataset, Variable, dataset
from openntz.records.sdtm.variables import LABELS, SUPPLEMENTAL, VARIABLES

_SUPP: Final = ("STUDYID", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "QNAM", "QLABEL", "QVAL")
_SUPP_LABELS: Final = (
    *("Study Identifier", "Related Domain Abbreviation", "Unique Subject Identifier"),
    *("Identifying Variable", "Identifying Variable Value", "Qualifier Variable Name"),
    *("Qualifier Variable Label", "Data Value"),
)


def moment_text(event: Event) -> str:
    """When an event was, as ISO 8601; without its time where that is not known."""
    if not event.time_known:
        return event.day.isoformat()
    return event.at.isoformat(timespec="seconds" if event.at.second else "minutes")


def study_day(day: date, start: date | None) -> int | None:
    """Day of the study by SDTM: the first is 1, the one before it -1, and there is no 0."""
    if start is None:
        return None
    return (day - start).days + (1 if day >= start else 0)


class Book(Struct):
    """Records by domain, and what of the courses has no place in them."""

    study: str
    records: dict[str, list[dict[str, Cell]]] = field(default_factory=dict)
    supplements: dict[str, list[dict[str, Cell]]] = field(default_factory=dict)
    not_carried: Counter[tuple[str, str]] = field(default_factory=Counter)
    numbers: Counter[tuple[str, str]] = field(default_factory=Counter)

    def open(self, domain: str) -> None:
        """A domain that is there even without a record."""
        self.records.setdefault(domain, [])

    def add(
        self,
        domain: str,
        person: str,
        cells: Mapping[str, Cell],
        supplement: Mapping[str, str] | None = None,
    ) -> dict[str, Cell]:
        """One record; what SDTM has no variable for stands beside it."""
        found: dict[str, Cell] = {
            "STUDYID": self.study,
            "DOMAIN": domain,
            "USUBJID": person,
            **{name: cell for name, cell in cells.items() if cell not in ("", None)},
        }
        variable, value = "", ""
        if domain != "DM":
            self.numbers[domain, person] += 1
            found[f"{domain}SEQ"] = self.numbers[domain, person]
            variable, value = f"{domain}SEQ", str(self.numbers[domain, person])
        self.records.setdefault(domain, []).append(found)
        for name, text in (supplement or {}).items():
            if text:
                row = (self.study, domain, person, variable, value, name, SUPPLEMENTAL[name], text)
                record: dict[str, Cell] = dict(zip(_SUPP, row, strict=True))
                self.supplements.setdefault(domain, []).append(record)
        return found

    def datasets(self) -> tuple[Dataset, ...]:
        """Every domain in the order of its definition, each followed by its supplement."""
        found = []
        for domain, variables in VARIABLES.items():
            if domain not in self.records:
                continue
            found.append(dataset(domain, LABELS[domain], variables, self.records[domain]))
            if domain in self.supplements:
                columns = [Variable(n, t) for n, t in zip(_SUPP, _SUPP_LABELS, strict=True)]
                name = f"SUPP{domain}"
                label = f"Supplemental Qualifiers for {domain}"
                found.append(dataset(name, label, columns, self.supplements[domain]))
        return tuple(found)
