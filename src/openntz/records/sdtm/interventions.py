"""Interventions of SDTM: natalizumab and other treatments."""

from __future__ import annotations

from typing import Final

from openntz.records.sdtm.codes import StudyCodes
from openntz.records.sdtm.domains import Domain, Row
from openntz.records.sdtm.tables import Tables, dated, moment, not_done, rough_day, words

_SINGLE: Final = frozenset({"", "ONCE", "Q4W", "Q28D", "EVERY 4 WEEKS", "Q6W", "EVERY 6 WEEKS"})


def doses(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    """EX and EC: each administration of natalizumab."""
    drug, routes = {d.upper() for d in codes.drug}, codes.all_routes
    prefix = domain.name
    for row in domain.rows:
        why = _not_given(domain, row, drug)
        if why:
            tables.leave(domain, why)
            continue
        route = routes.get(row.get(f"{prefix}ROUTE").upper())
        if route is None:
            reason = "this route is neither IV nor SC."
            remedy = "Name it under [routes] of the mapping file."
            tables.reject(domain, row, f"{prefix}ROUTE", reason, remedy)
            continue
        start = dated(tables, domain, row, f"{prefix}STDTC")
        if not start:
            continue
        end = moment(row, f"{prefix}ENDTC")
        # A course of weeks is many doses; an infusion is over in hours.
        repeated = row.get(f"{prefix}DOSFRQ").upper() not in _SINGLE or start[:10] < end[:10]
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
            product=row.get(f"{prefix}PROD") or _trade_name(row.get(f"{prefix}TRT")),
            batch=row.get(f"{prefix}LOT"),
            setting=row.get(f"{prefix}SET"),
            premedication=row.get(f"{prefix}PREMED"),
            discharged=row.get(f"{prefix}DISCH"),
            follow_up_call=row.get(f"{prefix}CALL"),
            hotline=row.get(f"{prefix}HOTL"),
        )


def _trade_name(given: str) -> str:
    """The product, where the treatment is not just called by its substance."""
    return "" if given.upper() == "NATALIZUMAB" else given.capitalize()


def _not_given(domain: Domain, row: Row, drug: set[str]) -> str:
    prefix = domain.name
    given = row.get(f"{prefix}TRT").upper()
    if given not in drug:
        return f"treatment {given or 'without a name'}, not natalizumab"
    if not_done(domain, row) or row.get(f"{prefix}MOOD").upper() == "SCHEDULED":
        return "dose planned or not given"
    try:
        return "dose of nothing" if float(row.get(f"{prefix}DOSE") or "nan") == 0 else ""
    except ValueError:
        return ""


def treatments(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    """CM: other treatments; a year, or year and month, is enough."""
    kinds = {name.upper(): kind for name, kind in codes.treatments.items()}
    for row in domain.rows:
        name = row.get("CMDECOD", "CMTRT")
        start, end = rough_day(row, "CMSTDTC"), rough_day(row, "CMENDTC")
        if not_done(domain, row):
            tables.leave(domain, "treatment that was not taken")
        elif not name:
            tables.leave(domain, "treatment without a name")
        elif not start and not end:
            tables.leave(domain, "treatment without a start or an end that can be read")
        else:
            tables.add(
                "treatments",
                person=row.get("USUBJID"),
                name=words(name),
                kind=kinds.get(name.upper(), words(row.get("CMCLAS", "CMCAT"))),
                start=start,
                end=end,
            )
