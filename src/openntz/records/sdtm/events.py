"""Events of SDTM: reactions, symptoms, relapses, dispositions and pregnancies."""

from __future__ import annotations

from typing import Final

from openntz.records.sdtm.codes import GRADES, StudyCodes
from openntz.records.sdtm.domains import Domain, Row
from openntz.records.sdtm.tables import Cells, Tables, dated, day, not_done, words

_CATEGORIES: Final = frozenset(
    {"INFUSION REACTION", "INJECTION REACTION", "INFUSION RELATED REACTION"}
)
# The term under which a reaction without a word for it is written.
UNNAMED: Final = "REACTION NOT SPECIFIED"
_SAME_EVENT: Final = "another record of the same event: its highest grade and first day are used"


def adverse_events(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    """AE: reactions to a dose, and everything else as symptoms.

    Records of one event (same sponsor's number, or same first day, and same term) are one.
    """
    reactions = codes.all_reactions
    found: dict[tuple[str, ...], Cells] = {}
    for row in domain.rows:
        if not_done(domain, row):
            tables.leave(domain, "asked for and not there")
            continue
        term = row.get("AEDECOD", "AETERM")
        if not term:
            tables.leave(domain, "event without a term")
            continue
        when = dated(tables, domain, row, "AESTDTC")
        if not when:
            continue
        reaction = term.upper() in reactions or row.get("AECAT").upper() in _CATEGORIES
        key = (row.get("USUBJID"), term.upper(), row.get("AESPID") or when[:10])
        known = found.get(key)
        if known is not None:
            tables.leave(domain, _SAME_EVENT)
            _joined(known, row, when)
            continue
        found[key] = _reaction(tables, row, when, term) if reaction else tables.add(
            "symptoms",
            person=row.get("USUBJID"),
            date=when[:10],
            symptom=words(term),
            comment=words(row.get("AESEV")),
        )  # fmt: skip


def _grade(row: Row) -> str:
    grade = row.get("AETOXGR").upper().removeprefix("GRADE").strip()
    return grade or str(GRADES.get(row.get("AESEV").upper(), ""))


def _reaction(tables: Tables, row: Row, when: str, term: str) -> Cells:
    return tables.add(
        "reactions",
        person=row.get("USUBJID"),
        onset=when,
        term="" if term == UNNAMED else words(term),
        grade=_grade(row),
        action=words(row.get("AEACNOTH", "AEACN")),
    )


def _joined(known: Cells, row: Row, when: str) -> None:
    """One more record of an event: its highest grade, its first moment."""
    if "onset" in known:
        known["onset"] = min(known["onset"], when)
        grade = max(known.get("grade", ""), _grade(row))
        known |= {"grade": grade} if grade else {}
    else:
        known["date"] = min(known["date"], when[:10])
        severity = row.get("AESEV").upper()
        if GRADES.get(severity, 0) > GRADES.get(known.get("comment", "").upper(), 0):
            known["comment"] = words(severity)


def clinical_events(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    """CE: relapses, and symptoms where the category says so."""
    wanted = {code.upper() for code in codes.relapses}
    for row in domain.rows:
        names = {row.get("CEDECOD").upper(), row.get("CETERM").upper()}
        symptom = row.get("CECAT").upper() == "SYMPTOM"
        if not_done(domain, row):
            tables.leave(domain, "asked for and did not occur")
            continue
        if not names & wanted and not symptom:
            tables.leave(domain, f"event {row.get('CEDECOD', 'CETERM') or 'without a term'}")
            continue
        when = dated(tables, domain, row, "CESTDTC", "CEDTC")
        if when and symptom:
            tables.add(
                "symptoms",
                person=row.get("USUBJID"),
                date=when,
                symptom=words(row.get("CETERM", "CEDECOD")),
                comment=row.get("CECOM"),
            )
        elif when:
            tables.add(
                "relapses",
                person=row.get("USUBJID"),
                onset=when,
                severity=words(row.get("CESEV")),
                comment=row.get("CECOM"),
            )


def dispositions(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    """DS: therapy that ended before its time, and plans where they are written there."""
    del codes
    for row in domain.rows:
        event = row.get("DSCAT").upper() in {"", "DISPOSITION EVENT"}
        planned = any(row.get(name) for name in ("DSINTV", "DSCONS", "DSAUTH"))
        ended = event and row.get("DSDECOD").upper() not in {"COMPLETED", "SCREEN FAILURE"}
        if not ended and not planned:
            tables.leave(domain, "no end of treatment before its time")
            continue
        when = dated(tables, domain, row, "DSSTDTC", "DSDTC")
        if when:
            reason = words(row.get("DSTERM", "DSDECOD")) if ended else row.get("DSREAS")
            tables.add(
                "plans",
                person=row.get("USUBJID"),
                date=row.get("DSDECID") or when[:10],
                stopped=when[:10] if ended else "",
                reason="" if reason == "stopped" else reason,
                planned_interval_days=row.get("DSINTV"),
                consent=row.get("DSCONS"),
                authorised=row.get("DSAUTH"),
            )


def pregnancies(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    """RP: the dates of a pregnancy; several are told apart by group or sponsor's number."""
    del codes
    tests = {
        "EDD": "due",
        "EDDTC": "due",
        "CONCDT": "conception",
        "DELDT": "delivery",
        "PREGOUTC": "outcome",
        "BRSTFED": "breastfeeding",
    }
    dates = {"due", "conception", "delivery"}
    found: dict[tuple[str, str], Cells] = {}
    for row in domain.rows:
        column = tests.get(row.get("RPTESTCD").upper())
        value = row.get("RPORRES", "RPSTRESC")
        if column is None or not_done(domain, row) or not value:
            tables.leave(domain, f"test {row.get('RPTESTCD') or 'without a code'}")
            continue
        if column in dates:
            value = day(row, "RPORRES", "RPSTRESC")
            if not value:
                dated(tables, domain, row, "RPORRES", "RPSTRESC")
                continue
        cells = found.setdefault((row.get("USUBJID"), row.get("RPGRPID", "RPSPID")), {})
        if cells.get(column, value) != value:
            reason = f"another record says {cells[column]}, which is used."
            remedy = "Tell pregnancies apart by RPGRPID or RPSPID, or keep the right record."
            tables.reject(domain, row, "RPORRES", reason, remedy)
            continue
        cells[column] = value
    for (person, _), cells in found.items():
        tables.add("pregnancies", person=person, **cells)
