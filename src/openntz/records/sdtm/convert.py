"""Rows of course tables from SDTM domains; a record that means none of them is said and counted.

Names of domains and variables: CDISC SDTM implementation guides 3.2 to 3.4.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from openntz.course import vocabulary
from openntz.records.problems import Problem
from openntz.records.sdtm.codes import GRADES, StudyCodes
from openntz.records.sdtm.domains import Domain, Row

Cells = dict[str, str]
_WHOLE_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?)?")
_NUMBER: Final = re.compile(r"[<>]?\s*\d+([.,]\d+)?")
_BELOW: Final = re.compile(r"<?\s*(BLQ|LLOQ|BLOQ|BQL)", re.IGNORECASE)
_NEGATIVE: Final = frozenset({"negative", "neg", "not detected", "negative confirmation"})
_POSITIVE: Final = frozenset({"positive", "pos", "detected", "positive confirmation"})
_PARTIAL: Final = "a date that is not complete to the day is not guessed."
_COMPLETE: Final = "Complete it in the source, or leave the record out on purpose."


@dataclass(slots=True)
class Tables:
    """Rows by table, and what was not used."""

    rows: dict[str, list[Cells]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unused: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, table: str, **cells: str) -> None:
        """One row of a table."""
        self.rows.setdefault(table, []).append({k: v for k, v in cells.items() if v})

    def reject(
        self, domain: Domain, row: Row, column: str, reason: str, remedy: str = _COMPLETE
    ) -> None:
        """A record that cannot be used, with its place."""
        self.problems.append(
            Problem(
                domain.name.lower(), row.line, column, row.get(column), reason, remedy, "row",
                person=row.get("USUBJID"),
            )
        )  # fmt: skip

    def leave(self, domain: Domain, why: str) -> None:
        """A record that means nothing here, counted by reason."""
        self.unused[domain.name.lower(), why] += 1


def _moment(row: Row, *columns: str) -> str:
    """The first date, with its time where there is one; '' when there is none or in part only."""
    text = row.get(*columns)
    found = _MOMENT.fullmatch(text)
    if found:
        return text[:16]
    return text[:10] if _WHOLE_DAY.match(text) and text[10:11] == "T" else ""


def _day(row: Row, *columns: str) -> str:
    return _moment(row, *columns)[:10]


def _dated(tables: Tables, domain: Domain, row: Row, *columns: str) -> str:
    when = _moment(row, *columns)
    if not when:
        tables.reject(domain, row, columns[0], _PARTIAL)
    return when


def _people(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    del codes
    for row in domain.rows:
        tables.add(
            "people",
            person=row.get("USUBJID"),
            birth_date=_day(row, "BRTHDTC"),
            sex=row.get("SEX") if row.get("SEX") in {"F", "M"} else "",
            arm=row.get("ACTARM", "ARM", "ACTARMCD", "ARMCD"),
            study_start=_day(row, "RFSTDTC", "RFXSTDTC"),
            study_end=_day(row, "RFENDTC", "RFPENDTC"),
            age=row.get("AGE"),
        )


def _doses(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    drug, routes = {d.upper() for d in codes.drug}, codes.all_routes
    prefix = domain.name
    for row in domain.rows:
        given = row.get(f"{prefix}TRT").upper()
        if given not in drug:
            tables.leave(domain, f"treatment {given or 'without a name'}, not natalizumab")
            continue
        route = routes.get(row.get(f"{prefix}ROUTE").upper())
        if route is None:
            reason = "this route is neither IV nor SC."
            remedy = "Name it under [routes] of the mapping file."
            tables.reject(domain, row, f"{prefix}ROUTE", reason, remedy)
            continue
        start = _dated(tables, domain, row, f"{prefix}STDTC")
        if not start:
            continue
        end = _moment(row, f"{prefix}ENDTC")
        repeated = row.get(f"{prefix}DOSFRQ").upper() not in {"", "ONCE"}
        if repeated:
            tables.leave(domain, "record of repeated doses: its first day stands for one dose")
        tables.add(
            "doses",
            person=row.get("USUBJID"),
            start=start,
            end="" if repeated or len(end) < 16 or end <= start else end,
            dose_mg=row.get(f"{prefix}DOSE"),
            dose_unit=row.get(f"{prefix}DOSU"),
            route=route,
            product=given.capitalize(),
            batch=row.get(f"{prefix}LOT"),
        )


def _laboratory(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    prefix, tests, units = domain.name, codes.all_tests, codes.all_units
    for row in domain.rows:
        test = tests.get(row.get(f"{prefix}TESTCD").upper())
        if test is None:
            tables.leave(domain, f"test {row.get(f'{prefix}TESTCD') or 'without a code'}")
            continue
        value = row.get(f"{prefix}ORRES", f"{prefix}STRESC")
        if not value:
            tables.leave(domain, f"{test} without a result")
            continue
        when = _dated(tables, domain, row, f"{prefix}DTC")
        unit = row.get(f"{prefix}ORRESU", f"{prefix}STRESU")
        if when:
            tables.add(
                "measurements",
                person=row.get("USUBJID"),
                taken=when,
                test=test,
                value=value,
                unit=units.get(unit.upper(), unit),
                lab=row.get(f"{prefix}NAM"),
                assay=row.get(f"{prefix}METHOD"),
            )


def _antibodies(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    wanted = {code.upper() for code in codes.antibodies}
    drug = {d.upper() for d in codes.drug}
    for row in domain.rows:
        agent = row.get("ISBDAGNT").upper()
        if row.get("ISTESTCD").upper() not in wanted or (agent and agent not in drug):
            tables.leave(domain, f"test {row.get('ISTESTCD')} {agent}".strip())
            continue
        result = row.get("ISORRES", "ISSTRESC")
        if not result:
            tables.leave(domain, "antibodies without a result")
            continue
        when = _dated(tables, domain, row, "ISDTC")
        if not when:
            continue
        unit = row.get("ISORRESU", "ISSTRESU")
        answer, titre = antibody_answer(result, unit)
        tables.add(
            "measurements",
            person=row.get("USUBJID"),
            taken=when,
            test=vocabulary.ANTIBODIES,
            value=answer,
            unit="" if answer in {"positive", "negative"} else codes.all_units.get(unit, unit),
            lloq=row.get("ISLLOQ"),
            threshold=codes.antibody_threshold,
            lab=row.get("ISNAM"),
            assay=row.get("ISMETHOD"),
            titre=titre,
        )


def antibody_answer(result: str, unit: str) -> tuple[str, str]:
    """An antibody result as the course tables write it, and its titre.

    A titre is given to positive samples only: '<1.40' beside the unit titer is positive below
    the lowest titre, where '<4' beside ng/mL is a limit of a concentration.
    """
    text = result.strip().lower()
    if text in _NEGATIVE:
        return "negative", ""
    if text in _POSITIVE:
        return "positive", ""
    if unit.strip().lower() in {"titer", "titre"} and _NUMBER.fullmatch(text):
        return "positive", result.strip()
    return result.strip(), ""


def _levels(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    wanted = {code.upper() for code in codes.levels}
    for row in domain.rows:
        if row.get("PCTESTCD").upper() not in wanted:
            tables.leave(domain, f"test {row.get('PCTESTCD') or 'without a code'}")
            continue
        value, lloq = row.get("PCORRES", "PCSTRESC"), row.get("PCLLOQ")
        if _BELOW.fullmatch(value):
            value = f"<{lloq}" if lloq else ""
        if not value:
            tables.leave(domain, "level without a result or a limit")
            continue
        when = _dated(tables, domain, row, "PCDTC")
        if when:
            unit = row.get("PCORRESU", "PCSTRESU")
            tables.add(
                "measurements",
                person=row.get("USUBJID"),
                taken=when,
                test=vocabulary.NATALIZUMAB,
                value=value,
                unit=codes.all_units.get(unit.upper(), unit),
                lloq=lloq,
                lab=row.get("PCNAM"),
                assay=row.get("PCMETHOD"),
            )


def _adverse_events(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    reactions = codes.all_reactions
    for row in domain.rows:
        when = _dated(tables, domain, row, "AESTDTC")
        if not when:
            continue
        term = row.get("AEDECOD", "AETERM")
        if term.upper() in reactions:
            grade = row.get("AETOXGR") or str(GRADES.get(row.get("AESEV").upper(), ""))
            tables.add(
                "reactions",
                person=row.get("USUBJID"),
                onset=when,
                term=term.lower(),
                grade=grade,
                action=row.get("AEACN").lower(),
            )
        else:
            tables.add(
                "symptoms",
                person=row.get("USUBJID"),
                date=when[:10],
                symptom=term.lower(),
                comment=row.get("AESEV").lower(),
            )


def _clinical_events(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    wanted = {code.upper() for code in codes.relapses}
    for row in domain.rows:
        names = {row.get("CEDECOD").upper(), row.get("CETERM").upper()}
        if not names & wanted:
            tables.leave(domain, f"event {row.get('CEDECOD', 'CETERM')}")
            continue
        when = _dated(tables, domain, row, "CESTDTC", "CEDTC")
        if when:
            tables.add(
                "relapses",
                person=row.get("USUBJID"),
                onset=when[:10],
                severity=row.get("CESEV").lower(),
            )


def _scores(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    wanted, prefix = {code.upper() for code in codes.edss}, domain.name
    for row in domain.rows:
        if row.get(f"{prefix}TESTCD").upper() not in wanted:
            tables.leave(domain, f"test {row.get(f'{prefix}TESTCD') or 'without a code'}")
            continue
        score = row.get(f"{prefix}STRESN", f"{prefix}STRESC", f"{prefix}ORRES")
        when = _dated(tables, domain, row, f"{prefix}DTC") if score else ""
        if when:
            tables.add("edss", person=row.get("USUBJID"), date=when[:10], score=score)
        elif not score:
            tables.leave(domain, "EDSS without a score")


def _scans(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    prefix = domain.name
    columns = {
        "gadolinium_lesions": {c.upper() for c in codes.gadolinium},
        "new_t2_lesions": {c.upper() for c in codes.new_t2},
        "enlarging_t2_lesions": {c.upper() for c in codes.enlarging_t2},
    }
    scans: dict[tuple[str, str], Cells] = {}
    for row in domain.rows:
        code = row.get(f"{prefix}TESTCD").upper()
        column = next((name for name, own in columns.items() if code in own), None)
        if column is None:
            tables.leave(domain, f"test {code or 'without a code'}")
            continue
        when = _dated(tables, domain, row, f"{prefix}DTC")
        if when:
            scan = scans.setdefault((row.get("USUBJID"), when[:10]), {})
            scan[column] = row.get(f"{prefix}STRESN", f"{prefix}STRESC", f"{prefix}ORRES")
    for (person, day), cells in scans.items():
        tables.add("mri", person=person, date=day, **cells)


def _treatments(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    kinds = {name.upper(): kind for name, kind in codes.treatments.items()}
    for row in domain.rows:
        name = row.get("CMDECOD", "CMTRT")
        start = _day(row, "CMSTDTC")
        if not start:
            tables.leave(domain, "treatment without a complete start date")
            continue
        tables.add(
            "treatments",
            person=row.get("USUBJID"),
            name=name.lower(),
            kind=kinds.get(name.upper(), row.get("CMCLAS", "CMCAT").lower() or "other"),
            start=start,
            end=_day(row, "CMENDTC"),
        )


def _dispositions(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    del codes
    for row in domain.rows:
        event = row.get("DSCAT").upper() in {"", "DISPOSITION EVENT"}
        if not event or row.get("DSDECOD").upper() in {"COMPLETED", "SCREEN FAILURE"}:
            tables.leave(domain, "no end of treatment before its time")
            continue
        when = _dated(tables, domain, row, "DSSTDTC", "DSDTC")
        if when:
            reason = row.get("DSTERM", "DSDECOD").lower()
            tables.add(
                "plans", person=row.get("USUBJID"), date=when[:10], stopped=when[:10], reason=reason
            )


def _pregnancies(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    del codes
    tests = {"EDD": "due", "EDDTC": "due", "CONCDT": "conception", "DELDT": "delivery"}
    found: dict[str, Cells] = {}
    for row in domain.rows:
        column = tests.get(row.get("RPTESTCD").upper())
        if column is None:
            tables.leave(domain, f"test {row.get('RPTESTCD') or 'without a code'}")
        else:
            found.setdefault(row.get("USUBJID"), {})[column] = row.get("RPORRES", "RPSTRESC")[:10]
    for person, cells in found.items():
        tables.add("pregnancies", person=person, **cells)


_CONVERTERS: Final[Mapping[str, Callable[[Domain, StudyCodes, Tables], None]]] = {
    "DM": _people,
    "EX": _doses,
    "EC": _doses,
    "LB": _laboratory,
    "VS": _laboratory,
    "IS": _antibodies,
    "PC": _levels,
    "AE": _adverse_events,
    "CE": _clinical_events,
    "QS": _scores,
    "RS": _scores,
    "FT": _scores,
    "MO": _scans,
    "NV": _scans,
    "MI": _scans,
    "CM": _treatments,
    "DS": _dispositions,
    "RP": _pregnancies,
}
# Tables that are there, if empty, because their domain was: nothing found is then 'none'.
_TABLE_OF: Final = {
    "DM": "people", "EX": "doses", "EC": "doses", "LB": "measurements", "VS": "measurements",
    "IS": "measurements", "PC": "measurements", "AE": "reactions", "CE": "relapses",
    "CM": "treatments", "DS": "plans",
}  # fmt: skip


def convert(domains: Iterable[Domain], codes: StudyCodes) -> Tables:
    """Course tables from domains.

    EX says what was given where EC is there too: EC's amounts are as collected.
    """
    tables = Tables()
    known = {domain.name: domain for domain in domains}
    for name, domain in known.items():
        if name == "EC" and "EX" in known:
            tables.unused["ec", "EX is there and stands for it"] += len(domain.rows)
            continue
        if name in _TABLE_OF:
            tables.rows.setdefault(_TABLE_OF[name], [])
        _CONVERTERS[name](domain, codes, tables)
    return tables
