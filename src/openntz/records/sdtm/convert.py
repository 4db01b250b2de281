"""Rows of course tables from SDTM domains; a record that means none of them is said and counted.

Names of domains and variables: CDISC SDTM implementation guides 3.2 to 3.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from openntz.records.problems import Problem
from openntz.records.sdtm import events, findings, interventions, subjects
from openntz.records.sdtm.codes import StudyCodes
from openntz.records.sdtm.domains import Domain
from openntz.records.sdtm.tables import Cells, Tables

__all__ = ["Cells", "Tables", "convert"]

# In this order: the history adds to people, so people come before it.
_CONVERTERS: Final[Mapping[str, Callable[[Domain, StudyCodes, Tables], None]]] = {
    "DM": subjects.people,
    "MH": subjects.history,
    "EX": interventions.doses,
    "EC": interventions.doses,
    "CM": interventions.treatments,
    "LB": findings.laboratory,
    "VS": findings.laboratory,
    "IS": findings.antibodies,
    "PC": findings.levels,
    "QS": findings.scores,
    "RS": findings.scores,
    "FT": findings.scores,
    "MO": findings.scans,
    "NV": findings.scans,
    "MI": findings.scans,
    "AE": events.adverse_events,
    "CE": events.clinical_events,
    "DS": events.dispositions,
    "RP": events.pregnancies,
}
# Tables that are there, if empty, because their domain was: nothing found is then 'none'.
_TABLE_OF: Final = {
    "DM": "people", "EX": "doses", "EC": "doses", "LB": "measurements", "VS": "measurements",
    "IS": "measurements", "PC": "measurements", "AE": "reactions", "CE": "relapses",
    "CM": "treatments", "DS": "plans",
}  # fmt: skip
# Variables without which no record of a domain says anything; of names joined by a stroke one.
_NEEDED: Final = {
    "DM": (), "MH": ("MHDECOD|MHTERM",), "EX": ("EXTRT", "EXSTDTC", "EXDOSE"),
    "EC": ("ECTRT", "ECSTDTC", "ECDOSE"), "CM": ("CMDECOD|CMTRT", "CMSTDTC|CMENDTC"),
    "AE": ("AEDECOD|AETERM", "AESTDTC"), "CE": ("CEDECOD|CETERM", "CESTDTC|CEDTC"),
    "DS": ("DSDECOD|DSTERM", "DSSTDTC|DSDTC"), "RP": ("RPTESTCD", "RPORRES|RPSTRESC"),
}  # fmt: skip
_MISSING: Final = "the variable {} is missing; no record of this domain can be used."


def _needed(name: str) -> tuple[str, ...]:
    own = _NEEDED.get(name)
    if own is None:
        own = (f"{name}TESTCD", f"{name}DTC", f"{name}ORRES|{name}STRESC|{name}STRESN")
    return ("USUBJID", *own)


def _lacks(domain: Domain) -> str:
    """The first variable a domain cannot do without and has not; '' when it has all."""
    for names in _needed(domain.name):
        if not set(names.split("|")) & set(domain.columns):
            return names.replace("|", " or ")
    return ""


def _of_somebody(domain: Domain, tables: Tables) -> Domain:
    """The records that say whose they are; the others are rejected."""
    for row in domain.rows:
        if not row.get("USUBJID"):
            tables.reject(
                domain, row, "USUBJID", "it does not say whose it is.", "Fill in the identifier."
            )
    return replace(domain, rows=tuple(row for row in domain.rows if row.get("USUBJID")))


def convert(domains: Iterable[Domain], codes: StudyCodes) -> Tables:
    """Course tables from domains.

    EX says what was given where EC is there too: EC's amounts are as collected. A domain without
    a variable it needs is not read, and its table stays 'not recorded'.
    """
    tables = Tables()
    known = {domain.name: domain for domain in domains}
    for name, converter in _CONVERTERS.items():
        domain = known.get(name)
        if domain is None:
            continue
        lacks = _lacks(domain)
        if lacks:
            tables.problems.append(
                Problem(
                    name.lower(), 0, lacks, domain.file, _MISSING.format(lacks),
                    "Export the domain with it.", "file",
                )
            )  # fmt: skip
            continue
        if name == "EC" and "EX" in known and not _lacks(known["EX"]):
            tables.unused["ec", "EX is there and stands for it"] += len(domain.rows)
            continue
        if name in _TABLE_OF:
            tables.rows.setdefault(_TABLE_OF[name], [])
        converter(_of_somebody(domain, tables), codes, tables)
    return tables
