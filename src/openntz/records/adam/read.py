"""Analysis datasets as the domains they came from, so that one converter reads both.

Dates may be ISO text or SAS numbers (days, or seconds for date-times, since 1960).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from openntz.records.problems import Problem
from openntz.records.sdtm.codes import StudyCodes
from openntz.records.sdtm.convert import Tables, convert
from openntz.records.sdtm.domains import Domain, Row, read_domains

KNOWN: Final = ("ADSL", "ADLB", "ADPC", "ADAB", "ADAE", "ADTTE", "ADEX")
_SAS_START: Final = date(1960, 1, 1)
_SAS_NUMBER: Final = re.compile(r"-?\d{1,12}(\.\d+)?")
_UNIT: Final = re.compile(r".*\(([^()]+)\)")
# Which ADTTE parameters are events with a date of their own.
_RELAPSES: Final = ("TTRELAP", "TTRLP", "TTFREL", "TTFRLPS", "TTREL")


def looks_like_adam(folder: Path) -> bool:
    """Whether a folder holds a subject-level analysis dataset."""
    return folder.is_dir() and any(
        p.stem.upper() == "ADSL" and p.suffix.casefold() in {".xpt", ".csv", ".json", ".ndjson"}
        for p in folder.iterdir()
    )


def read_adam(
    folder: Path, files: Mapping[str, str]
) -> tuple[dict[str, Domain], tuple[Problem, ...]]:
    """Every known analysis dataset of a folder, and what could not be read.

    Raises
    ------
    InputError
        When there is no such folder or it holds none.
    """
    return read_domains(folder, files, KNOWN)


def _sas_day(text: str) -> str:
    if not _SAS_NUMBER.fullmatch(text):
        return text
    try:
        return (_SAS_START + timedelta(days=int(float(text)))).isoformat()
    except OverflowError:
        return text


def _sas_moment(text: str) -> str:
    if not _SAS_NUMBER.fullmatch(text):
        return text.replace(" ", "T", 1)
    start = datetime(_SAS_START.year, _SAS_START.month, _SAS_START.day)
    try:
        return (start + timedelta(seconds=float(text))).isoformat(timespec="seconds")
    except OverflowError:
        return text


def _when(row: Row, moment: str, day: str) -> str:
    return _sas_moment(row.get(moment)) or _sas_day(row.get(day))


def _domain(data: Domain, name: str, rows: Iterable[Row], columns: Iterable[str]) -> Domain:
    return Domain(name, data.file, tuple(rows), frozenset((*columns, "USUBJID")))


def _subjects(data: Domain) -> Domain:
    names = {
        "SEX": "SEX", "AGE": "AGE", "AGEU": "AGEU", "MSTYPE": "MSTYPE",
    }  # fmt: skip

    def values(row: Row) -> dict[str, str]:
        found = {new: row.get(old) for new, old in names.items()}
        return found | {
            "USUBJID": row.get("USUBJID"),
            "ACTARM": row.get("TRT01A", "ACTARM", "TRT01P", "ARM"),
            "BRTHDTC": _sas_day(row.get("BRTHDT")),
            "RFSTDTC": _sas_day(row.get("TRTSDT", "RFSTDT", "RANDDT")),
            "RFENDTC": _sas_day(row.get("EOSDT", "TRTEDT")),
        }

    rows = [Row(row.line, values(row)) for row in data.rows]
    return _domain(data, "DM", rows, names)


def _stops(data: Domain) -> Domain | None:
    """Ends of treatment before their time, where the subject-level data say when."""
    rows = [
        Row(
            row.line,
            {
                "USUBJID": row.get("USUBJID"),
                "DSCAT": "DISPOSITION EVENT",
                "DSDECOD": "DISCONTINUED",
                "DSTERM": row.get("DCTREAS") or "STOPPED",
                "DSSTDTC": _sas_day(row.get("EOTDT", "TRTEDT")),
            },
        )
        for row in data.rows
        if row.get("EOTSTT").upper() == "DISCONTINUED"
    ]
    if "EOTSTT" not in data.columns:
        return None
    return _domain(data, "DS", rows, ("DSTERM", "DSSTDTC"))


def _result(row: Row, prefix: str) -> dict[str, str]:
    unit = row.get("AVALU")
    if not unit and (found := _UNIT.fullmatch(row.get("PARAM"))):
        unit = found[1]
    return {
        "USUBJID": row.get("USUBJID"),
        f"{prefix}TESTCD": row.get("PARAMCD"),
        # A limit is written in AVALC; where AVAL holds a number put in its place, AVALC counts.
        f"{prefix}ORRES": row.get("AVALC", "AVAL"),
        f"{prefix}ORRESU": unit,
        f"{prefix}DTC": _when(row, "ADTM", "ADT"),
        f"{prefix}LLOQ": row.get("LLOQ", f"{prefix}LLOQ"),
        f"{prefix}METHOD": row.get(f"{prefix}METHOD", "ADAMETH"),
    }


def _finding(prefix: str) -> Callable[[Domain], Domain]:
    def made(data: Domain) -> Domain:
        # Derived records (means, worst values) repeat others under another date.
        rows = [Row(r.line, _result(r, prefix)) for r in data.rows if not r.get("DTYPE")]
        columns = [f"{prefix}TESTCD", f"{prefix}DTC", f"{prefix}ORRES"]
        return _domain(data, prefix, rows, columns)

    return made


def _antibodies(data: Domain) -> Domain:
    """Results of single tests; what was derived for a person as a whole has no date."""
    rows = []
    for row in data.rows:
        if not row.get("ADT", "ADTM") or row.get("AVISIT").upper() == "OVERALL":
            continue
        threshold = row.get("ADATHR")
        values = _result(row, "IS") | {
            "ISTESTCD": row.get("ISTESTCD") or "ADA_BAB",
            "ISBDAGNT": row.get("ISBDAGNT"),
            "ISTHRESH": f"{threshold} ng/mL" if threshold else "",
        }
        rows.append(Row(row.line, values))
    return _domain(data, "IS", rows, ("ISTESTCD", "ISDTC", "ISORRES"))


def _reactions(data: Domain) -> Domain:
    names = ("AETERM", "AEDECOD", "AECAT", "AEACN", "AEACNOTH", "AESEV", "AESPID")

    def values(row: Row) -> dict[str, str]:
        return {name: row.get(name) for name in names} | {
            "USUBJID": row.get("USUBJID"),
            "AETOXGR": row.get("ATOXGR", "AETOXGR"),
            "AESTDTC": _when(row, "ASTDTM", "ASTDT") or row.get("AESTDTC"),
        }

    rows = [Row(row.line, values(row)) for row in data.rows]
    return _domain(data, "AE", rows, (*names, "AESTDTC"))


def _relapses(data: Domain) -> Domain:
    """First relapses; later ones are not in a time-to-event dataset."""
    rows = [
        Row(
            row.line,
            {
                "USUBJID": row.get("USUBJID"),
                "CETERM": "RELAPSE",
                "CECOM": "first relapse of the study, from ADTTE: later ones are not in it",
                "CESTDTC": _sas_day(row.get("ADT")),
            },
        )
        for row in data.rows
        if row.get("PARAMCD").upper() in _RELAPSES and row.get("CNSR") == "0"
    ]
    return _domain(data, "CE", rows, ("CETERM", "CESTDTC"))


def _doses(data: Domain) -> Domain:
    """ADEX with one record a dose; records that sum up a person have no start."""
    rows = [
        Row(
            row.line,
            {
                "USUBJID": row.get("USUBJID"),
                "EXTRT": row.get("EXTRT"),
                "EXDOSE": row.get("EXDOSE", "AVAL"),
                "EXDOSU": row.get("EXDOSU"),
                "EXROUTE": row.get("EXROUTE"),
                "EXDOSFRQ": row.get("EXDOSFRQ"),
                "EXSTDTC": _when(row, "ASTDTM", "ASTDT"),
                "EXENDTC": _when(row, "AENDTM", "AENDT"),
            },
        )
        for row in data.rows
        if row.get("ASTDT", "ASTDTM") and row.get("EXTRT")
    ]
    return _domain(data, "EX", rows, ("EXTRT", "EXSTDTC", "EXDOSE"))


_MADE_OF: Final[Mapping[str, Callable[[Domain], Domain]]] = {
    "ADSL": _subjects,
    "ADLB": _finding("LB"),
    "ADPC": _finding("PC"),
    "ADAB": _antibodies,
    "ADAE": _reactions,
    "ADTTE": _relapses,
    "ADEX": _doses,
}


def convert_adam(found: Mapping[str, Domain], codes: StudyCodes) -> Tables:
    """Course tables from analysis datasets, as far as their records carry dates.

    Records without a date of their own (derived for a person as a whole) are counted. Without
    ADEX there are no doses: a first and a last day of treatment are not the doses between.
    """
    domains = [_MADE_OF[name](data) for name, data in found.items()]
    if "ADSL" in found and (stops := _stops(found["ADSL"])) is not None:
        domains.append(stops)
    tables = convert(domains, codes)
    if tables.rows.get("relapses"):
        why = "first relapses only: later ones are not in it, so a rate cannot be had of them"
        tables.unused["adtte", why] += len(tables.rows["relapses"])
    for name, data in found.items():
        made = len(_MADE_OF[name](data).rows)
        if made < len(data.rows):
            why = "derived or summary record without a date of its own"
            tables.unused[name.lower(), why] += len(data.rows) - made
    return tables
