"""The validity domain of a card, held against the rows of a NONMEM-style file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from openntz.models.card import Card
from openntz.models.domain import DomainVerdict
from openntz.records.nonmem_data import NonmemSubject
from openntz.workflows.nonmem_doses import RowError, absorbed_rows, dosed

Array = NDArray[np.float64]

_AGE_COLUMN: Final = "AGE"
_WEIGHT: Final = "weight"


def domain_notes(rows: NonmemSubject, card: Card, given: Mapping[str, Array]) -> tuple[str, ...]:
    """What the card's domain warns of: age, weight, route and dose of this person.

    Raises
    ------
    RowError
        When the domain refuses the person: nothing may be computed outside of it.
    """
    asked = {entry.variable for entry in card.domain}
    if not asked:
        return ()
    doses = np.flatnonzero(dosed(rows))
    values: dict[str, list[float] | list[str]] = {}
    columns: dict[str, str] = {}
    age = next((v for n, v in rows.covariates.items() if n.upper() == _AGE_COLUMN), None)
    if "age_year" in asked and age is not None:
        values["age_year"] = sorted({float(a) for a in age if not np.isnan(a)})
        columns["age_year"] = _AGE_COLUMN
    if "weight_kg" in asked and _WEIGHT in given:
        values["weight_kg"] = sorted({float(w) for w in given[_WEIGHT]})
        columns["weight_kg"] = next(i.column for i in card.covariates if i.name == _WEIGHT)
    if "dose_mg" in asked:
        amounts = {float(a) for a in rows.amt[doses] * card.data_units.mg_per_dose}
        values["dose_mg"] = sorted(amounts - {0.0})
        columns["dose_mg"] = "AMT"
    if "route" in asked:
        absorbed = absorbed_rows(rows, card, doses)
        values["route"] = sorted({"SC" if under_skin else "IV" for under_skin in absorbed})
        columns["route"] = "CMT"
    verdicts = card.check_domain(**values)
    for verdict in verdicts:
        if verdict.action == "refuse":
            raise _refusal(rows, verdict, columns[verdict.variable])
    return tuple(verdict.text for verdict in verdicts)


def _refusal(rows: NonmemSubject, verdict: DomainVerdict, column: str) -> RowError:
    cells = next((v for n, v in rows.covariates.items() if n.upper() == column.upper()), None)
    line = rows.line[0]
    if cells is not None:
        line = rows.line[int(np.argmax(cells == verdict.value))]
    value = verdict.value
    return RowError(
        int(line),
        column,
        f"{value:g}" if isinstance(value, float) else str(value),
        verdict.text,
        "Correct the value, or use a card made for this person.",
    )
