"""Findings of SDTM: laboratory, vital signs, levels, antibodies, scores and scans."""

from __future__ import annotations

import re
from typing import Final

from openntz.course import vocabulary
from openntz.records.sdtm.codes import StudyCodes
from openntz.records.sdtm.domains import Domain, Row
from openntz.records.sdtm.tables import Cells, Tables, dated, moment

_NUMBER: Final = re.compile(r"[<>]?\s*\d+([.,]\d+)?")
_BELOW: Final = re.compile(r"<?\s*(BLQ|LLOQ|BLOQ|BQL)", re.IGNORECASE)
_NEGATIVE: Final = frozenset({"negative", "neg", "not detected", "negative confirmation"})
_POSITIVE: Final = frozenset({"positive", "pos", "detected", "positive confirmation"})
# Counts in other fluids are other tests.
_OTHER_FLUIDS: Final = frozenset({"URINE", "CEREBROSPINAL FLUID", "CSF", "SALIVA", "STOOL"})
_OTHER_PLACES: Final = frozenset({"SPINAL CORD", "CERVICAL SPINAL CORD", "OPTIC NERVE"})
# What stands for a test of neutralising antibodies that gave no result.
NO_ANSWER: Final = "no result"
_TITRES: Final = frozenset({"titer", "titre"})


def laboratory(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    """LB and VS: measurements of the tests whose codes are known."""
    prefix, tests, units = domain.name, codes.all_tests, codes.all_units
    for row in domain.rows:
        code = row.get(f"{prefix}TESTCD").upper()
        test = tests.get(code)
        fluid = row.get(f"{prefix}SPEC").upper()
        if test is None:
            tables.leave(domain, f"test {code or 'without a code'}")
            continue
        if fluid in _OTHER_FLUIDS and test != vocabulary.JCV_DNA:
            tables.leave(domain, f"{test} in {fluid.lower()}")
            continue
        value = row.get(f"{prefix}ORRES", f"{prefix}STRESC")
        if not value:
            tables.leave(domain, f"{test} without a result")
            continue
        when = dated(tables, domain, row, f"{prefix}DTC")
        unit, said = (
            row.get(f"{prefix}ORRESU", f"{prefix}STRESU"),
            row.get(f"{prefix}ANSWER").lower(),
        )
        if when:
            tables.add(
                "measurements",
                person=row.get("USUBJID"),
                taken=when,
                test=test,
                value=f"{said} ({value})" if said and said != value.lower() else value,
                unit=units.get(unit.upper(), unit),
                lloq=row.get(f"{prefix}LLOQ"),
                threshold=row.get(f"{prefix}THRESH"),
                lab=row.get(f"{prefix}NAM"),
                assay=row.get(f"{prefix}METHOD"),
            )


def antibodies(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    """IS: antibodies against natalizumab, as an answer, a number or a titre."""
    wanted = {code.upper() for code in codes.antibodies}
    second = {code.upper() for code in codes.neutralising}
    drug = {d.upper() for d in codes.drug}
    found: dict[tuple[str, str], Cells] = {}
    neutralising: list[Row] = []
    for row in domain.rows:
        code, agent = row.get("ISTESTCD").upper(), row.get("ISBDAGNT").upper()
        if code in second and (not agent or agent in drug):
            neutralising.append(row)
            continue
        if code not in wanted or (agent and agent not in drug):
            tables.leave(domain, f"test {row.get('ISTESTCD')} {agent}".strip())
            continue
        result = row.get("ISORRES", "ISSTRESC")
        if not result:
            tables.leave(domain, "antibodies without a result")
            continue
        when = dated(tables, domain, row, "ISDTC")
        if when:
            found[row.get("USUBJID"), when] = tables.add(
                "measurements",
                person=row.get("USUBJID"),
                taken=when,
                test=vocabulary.ANTIBODIES,
                threshold=row.get("ISTHRESH") or codes.antibody_threshold,
                lloq=row.get("ISLLOQ"),
                lab=row.get("ISNAM"),
                assay=row.get("ISMETHOD"),
                **_antibody_result(row, result, codes),
            )

    for row in neutralising:
        test = found.get((row.get("USUBJID"), moment(row, "ISDTC")))
        if test is None:
            tables.leave(domain, "neutralising antibodies without an antibody test of the moment")
        else:
            test["neutralising"] = (
                antibody_answer(row.get("ISORRES", "ISSTRESC"), "")[0] or NO_ANSWER
            )
            tables.leave(domain, "neutralising antibodies: beside the antibody test of the moment")


def _antibody_result(row: Row, result: str, codes: StudyCodes) -> Cells:
    unit = row.get("ISORRESU", "ISSTRESU")
    answer, titre = antibody_answer(result, unit)
    column = "titre_log10" if codes.titres == "log10" else "titre"
    if titre:
        return {"value": answer, column: titre}
    if answer in {"positive", "negative"}:
        return {"value": answer}
    written = codes.all_units.get(unit.upper(), unit)
    if unit.lower() in _TITRES:
        written = ""
    said = row.get("ISANSWER").lower()
    if said and said != answer.lower():
        # The laboratory's own answer stays beside its number.
        return {"value": f"{said} ({answer})", "unit": written}
    return {"value": answer, "unit": written}


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
    if unit.strip().lower() in _TITRES and _NUMBER.fullmatch(text):
        return "positive", result.strip()
    return result.strip(), ""


def levels(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    """PC: levels of natalizumab."""
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
        when = dated(tables, domain, row, "PCDTC")
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


def scores(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    """QS, RS and FT: the EDSS."""
    wanted, prefix = {code.upper() for code in codes.edss}, domain.name
    for row in domain.rows:
        if row.get(f"{prefix}TESTCD").upper() not in wanted:
            tables.leave(domain, f"test {row.get(f'{prefix}TESTCD') or 'without a code'}")
            continue
        score = row.get(f"{prefix}STRESN", f"{prefix}STRESC", f"{prefix}ORRES")
        if not score:
            tables.leave(domain, "EDSS without a score")
            continue
        when = dated(tables, domain, row, f"{prefix}DTC")
        if when:
            tables.add("edss", person=row.get("USUBJID"), date=when[:10], score=score)


def scans(domain: Domain, codes: StudyCodes, tables: Tables) -> None:
    """MO, NV and MI: counts of lesions, all of one day as one scan."""
    prefix = domain.name
    columns = {code: name for name, own in codes.scan_columns.items() for code in own}
    found: dict[tuple[str, str], Cells] = {}
    for row in domain.rows:
        code, place = row.get(f"{prefix}TESTCD").upper(), row.get(f"{prefix}LOC").upper()
        column = columns.get(code)
        if column is None or place in _OTHER_PLACES:
            what = f"scan of the {place.lower()}" if column else f"test {code or 'without a code'}"
            tables.leave(domain, what)
            continue
        when = dated(tables, domain, row, f"{prefix}DTC")
        if not when:
            continue
        scan = found.setdefault((row.get("USUBJID"), when), {})
        value = row.get(f"{prefix}STRESN", f"{prefix}STRESC", f"{prefix}ORRES")
        if column and scan.get(column, value) != value:
            reason = f"another result of the same day says {scan[column]}, which is used."
            tables.reject(domain, row, f"{prefix}ORRES", reason, "Keep the right one.")
            continue
        comment = row.get(f"{prefix}COM")
        scan |= {column: value} if column else {}
        scan |= {"comment": comment} if comment else {}
    for (person, when), cells in found.items():
        tables.add("mri", person=person, date=when, **cells)
