"""People: demographics and medical history of SDTM."""

from __future__ import annotations

import re
from typing import Final

from openntz.records.sdtm.codes import StudyCodes
from openntz.records.sdtm.domains import Domain
from openntz.records.sdtm.tables import Tables, day, rough_day, words

_AGE: Final = re.compile(r"\d{1,3}(\.\d+)?")


def people(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    """DM: who is in the study, the arm, and when they entered and left."""
    del codes
    for row in domain.rows:
        age, unit = row.get("AGE"), row.get("AGEU").upper()
        if age and (not _AGE.fullmatch(age) or unit not in {"", "YEARS"}):
            reason = f"no age in years{f' ({unit.lower()})' if unit else ''}; the age is unknown."
            tables.strike(domain, row, "AGE", reason, "Correct it in the source.")
            age = ""
        sex = row.get("SEX").upper()
        if sex not in {"", "F", "M", "U", "UN", "UNDIFFERENTIATED"}:
            tables.strike(domain, row, "SEX", "neither F, M nor U; unknown.", "Correct it.")
        tables.add(
            "people",
            person=row.get("USUBJID"),
            birth_date=day(row, "BRTHDTC"),
            sex=sex if sex in {"F", "M"} else "",
            diagnosis=row.get("MSTYPE"),
            arm=row.get("ACTARM", "ARM", "ACTARMCD", "ARMCD"),
            study_start=day(row, "RFSTDTC", "RFXSTDTC"),
            study_end=day(row, "RFENDTC", "RFPENDTC"),
            age=age,
        )


def history(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    """MH: the onset of multiple sclerosis, and other diseases, into the people's rows."""
    known = {row["person"]: row for row in tables.rows.get("people", ()) if "person" in row}
    disease = {term.upper() for term in codes.disease}
    for row in domain.rows:
        person = known.get(row.get("USUBJID"))
        term = row.get("MHDECOD", "MHTERM")
        if person is None:
            tables.leave(domain, "history of somebody who is not in dm")
        elif not term:
            tables.leave(domain, "history without a term")
        elif row.get("MHOCCUR").upper() == "N":
            if term.upper() == "OTHER DISEASES" and "conditions" not in person:
                person["conditions"] = "none"
            else:
                tables.leave(domain, "asked for and not there")
        elif term.upper() in disease:
            onset = rough_day(row, "MHSTDTC")
            if not onset or person.get("ms_onset", onset) < onset:
                tables.leave(domain, "multiple sclerosis without a start, or with a later one")
            else:
                person["ms_onset"] = onset
        else:
            others = [p for p in (person.get("conditions"), words(term)) if p and p != "none"]
            person["conditions"] = "; ".join(dict.fromkeys(others))
