"""Courses out as SDTM domains; what they have no place for is counted and said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from msgspec import Struct

from openntz.course.course import Course, age_on
from openntz.course.events import Contact, Dose, Event, Measurement, Plan, Pregnancy, Scan
from openntz.course.vocabulary import ANTIBODIES, CANONICAL_UNITS, NATALIZUMAB, WEIGHT
from openntz.reanalyse.study import arm_of, entry_of
from openntz.records.datasets import Cell, Dataset, text_of
from openntz.records.sdtm.book import Book, moment_text, study_day
from openntz.records.sdtm.codes import TEST_CODES
from openntz.records.sdtm.events import UNNAMED
from openntz.records.sdtm.findings import NO_ANSWER

_ROUTES: Final = {"IV": "INTRAVENOUS", "SC": "SUBCUTANEOUS"}
_FORMS: Final = {"IV": "SOLUTION", "SC": "INJECTION, SOLUTION"}
_FLUIDS: Final = {"jcv dna in csf": "CEREBROSPINAL FLUID"}
_SCAN_CODES: Final = {
    "gadolinium_lesions": ("GDLES", "Gadolinium-enhancing Lesions"),
    "new_t2_lesions": ("NEWT2", "New T2 Lesions"),
    "enlarging_t2_lesions": ("ENLT2", "Enlarging T2 Lesions"),
    "brain_volume_change_percent": ("BRVOLCHG", "Brain Volume Change per Year"),
}
_PREGNANCY_CODES: Final = {
    "conception": ("CONCDT", "Conception Date"),
    "due": ("EDD", "Estimated Delivery Date"),
    "delivery": ("DELDT", "Delivery Date"),
    "outcome": ("PREGOUTC", "Pregnancy Outcome"),
    "breastfeeding": ("BRSTFED", "Breast-fed"),
}
# The column of measurements in which the importer keeps the second test of a sample.
NEUTRALISING: Final = "neutralising"
# Columns that DM has a variable for, or that the importer made of one.
_KNOWN_EXTRA: Final = frozenset({"arm", "actarm", "study_start", "study_end", "age", "rfstdtc"})
# Tables whose domain, where it is there without a record, says that there was none.
_OPENS: Final = {
    "doses": "EX", "measurements": "LB", "reactions": "AE", "relapses": "CE", "treatments": "CM",
    "plans": "DS",
}  # fmt: skip
# Tables in domains that hold other things too: no record in one does not say 'none'.
_SHARED: Final = ("mri", "edss", "symptoms", "pregnancies")


class Submission(Struct, frozen=True):
    """Domains, and how often each thing that they cannot hold was there: (table, what, times)."""

    datasets: tuple[Dataset, ...]
    people: int
    not_carried: tuple[tuple[str, str, int], ...]


def sdtm_datasets(courses: Iterable[Course], study: str = "OPENNTZ") -> Submission:
    """The domains of courses: DM MH EX CM LB VS IS PC QS MO AE CE DS RP with SUPP--.

    Numbers are in the canonical unit of their test. --DY counts from the first dose, or from
    entry for somebody who never got one.
    """
    book, people = Book(study), 0
    filled: dict[str, bool] = {}
    for course in courses:
        people += 1
        for table, domain in _OPENS.items():
            if course.has(table):
                book.open(domain)
        for table in _SHARED:
            if course.has(table):
                filled[table] = filled.get(table, False) or bool(getattr(course, table))
        _course(course, book)
    for table, any_rows in filled.items():
        if not any_rows:
            book.not_carried[table, "there and empty: no domain says that none was found"] += 1
    not_carried = tuple((t, what, n) for (t, what), n in sorted(book.not_carried.items()))
    return Submission(book.datasets(), people, not_carried)


def _course(course: Course, book: Book) -> None:
    start = course.doses[0].day if course.doses else entry_of(course)
    _person(course, start, book)
    for dose in course.doses:
        _dose(course, dose, start, book)
    for treatment in course.treatments:
        book.add(
            "CM",
            course.person.id,
            {
                "CMTRT": treatment.name,
                "CMCAT": treatment.kind,
                "CMSTDTC": treatment.day.isoformat(),
                "CMENDTC": text_of(treatment.end),
                "CMSTDY": study_day(treatment.day, start),
                "CMENDY": study_day(treatment.end, start) if treatment.end else None,
            },
        )
    _findings(course, start, book)
    for scan in course.mri:
        _scan(course, scan, start, book)
    _events(course, start, book)
    for plan in course.plans:
        _plan(course, plan, start, book)
    for number, pregnancy in enumerate(course.pregnancies, start=1):
        _pregnancy(course, pregnancy, number, book)
    for table in ("doses", "measurements", "reactions", "mri", "relapses", "edss", "symptoms",
                  "treatments", "plans", "pregnancies"):  # fmt: skip
        for event in getattr(course, table):
            for column in event.extra.keys() - {NEUTRALISING}:
                book.not_carried[table, f"column {column}"] += 1


def _person(course: Course, start: date | None, book: Book) -> None:
    person, arm = course.person, arm_of(course)
    last = course.doses[-1].day if course.doses else None
    own = {column.strip().casefold(): text for column, text in person.extra.items()}
    age = age_on(person.birth_date, start) if person.birth_date and start else None
    if age is None and own.get("age", "").isdigit():
        age = int(own["age"])
    entry = entry_of(course)
    if entry is not None and entry != start:
        book.not_carried["people", "day of entry: the study counts from the first dose"] += 1
    book.add(
        "DM",
        person.id,
        {
            "SUBJID": person.id,
            "RFSTDTC": text_of(start),
            "RFENDTC": own.get("study_end") or text_of(last),
            "RFXSTDTC": text_of(course.doses[0].day if course.doses else None),
            "RFXENDTC": text_of(last),
            "BRTHDTC": text_of(person.birth_date),
            "AGE": age,
            "AGEU": None if age is None else "YEARS",
            "SEX": person.sex or "U",
            "ARM": arm,
            "ACTARM": arm,
        },
        {"MSTYPE": person.diagnosis},
    )
    if person.ms_onset:
        onset = person.ms_onset.isoformat()
        cells = {"MHTERM": "MULTIPLE SCLEROSIS", "MHCAT": "PRIMARY DIAGNOSIS", "MHSTDTC": onset}
        book.add("MH", person.id, cells)
    for disease in (d.strip() for d in person.conditions.split(";")):
        if disease.casefold() == "none":
            none = {"MHTERM": "OTHER DISEASES", "MHPRESP": "Y", "MHOCCUR": "N"}
            book.add("MH", person.id, none)
        elif disease:
            book.add("MH", person.id, {"MHTERM": disease, "MHCAT": "GENERAL"})
    for column in person.extra:
        if column.strip().casefold() not in _KNOWN_EXTRA:
            book.not_carried["people", f"column {column}"] += 1


def _contact(contact: Contact | None) -> str:
    if contact is None:
        return ""
    if contact.at is None:
        return contact.note
    return text_of(contact.at if contact.time_known else contact.at.date())


def _dose(course: Course, dose: Dose, start: date | None, book: Book) -> None:
    book.add(
        "EX",
        course.person.id,
        {
            "EXTRT": "NATALIZUMAB",
            "EXDOSE": dose.amount_mg,
            "EXDOSU": "mg",
            "EXDOSFRM": _FORMS[dose.route],
            "EXDOSFRQ": "ONCE",
            "EXROUTE": _ROUTES[dose.route],
            "EXLOT": dose.batch,
            "EXSTDTC": moment_text(dose),
            "EXENDTC": text_of(dose.end),
            "EXSTDY": study_day(dose.day, start),
            "EXENDY": study_day(dose.end.date(), start) if dose.end else None,
        },
        {
            "EXPROD": dose.product,
            "EXSET": dose.setting,
            "EXPREMED": dose.premedication,
            "EXDISCH": text_of(dose.discharged),
            "EXCALL": _contact(dose.follow_up_call),
            "EXHOTL": _contact(dose.hotline),
        },
    )


def _findings(course: Course, start: date | None, book: Book) -> None:
    before = {m.test: m for m in course.measurements if before_first_dose(m, course)}
    for result in course.measurements:
        _finding(course, result, before.get(result.test) is result, start, book)
    for score in course.edss:
        book.add(
            "QS",
            course.person.id,
            {
                "QSTESTCD": "EDSS",
                "QSTEST": "Expanded Disability Status Scale",
                "QSCAT": "EDSS",
                "QSORRES": text_of(score.score),
                "QSSTRESC": text_of(score.score),
                "QSSTRESN": score.score,
                "QSDTC": moment_text(score),
                "QSDY": study_day(score.day, start),
            },
        )


def before_first_dose(event: Event, course: Course) -> bool:
    """Whether an event came before the first dose; on its day without a time it counts as so."""
    if not course.doses:
        return False
    first = course.doses[0]
    if event.day != first.day or not (event.time_known and first.time_known):
        return event.day <= first.day
    return event.at <= first.at


def _domain_of(test: str) -> str:
    return {NATALIZUMAB: "PC", ANTIBODIES: "IS", WEIGHT: "VS"}.get(test, "LB")


def _finding(
    course: Course, result: Measurement, last_before: bool, start: date | None, book: Book
) -> None:
    p = _domain_of(result.test)
    assay = result.assay
    text, unit = _result(result)
    cells: dict[str, Cell] = {
        f"{p}TESTCD": TEST_CODES[result.test],
        f"{p}TEST": result.test[:40].capitalize(),
        f"{p}ORRES": text,
        f"{p}ORRESU": unit,
        f"{p}STRESC": text,
        f"{p}STRESN": None if result.censor else result.value,
        f"{p}STRESU": unit,
        f"{p}NAM": assay.laboratory if assay else None,
        f"{p}METHOD": assay.name if assay else None,
        f"{p}LLOQ": text_of(assay.lloq) if assay else None,
        f"{p}LOBXFL": "Y" if last_before else None,
        f"{p}DTC": moment_text(result),
        f"{p}DY": study_day(result.day, start),
    }
    if p != "VS":
        cells[f"{p}SPEC"] = _FLUIDS.get(result.test, "SERUM" if p in {"IS", "PC"} else "BLOOD")
    if p == "IS":
        cells["ISBDAGNT"] = "NATALIZUMAB"
    supplement: dict[str, str] = {}
    if p in {"IS", "LB"}:
        answer = (result.answer or "").upper()
        supplement[f"{p}ANSWER"] = answer if result.value is not None else ""
        if assay and assay.threshold is not None:
            own = CANONICAL_UNITS[result.test]
            supplement[f"{p}THRESH"] = f"{text_of(assay.threshold)} {own}"
    elif assay and assay.threshold is not None:
        book.not_carried["measurements", f"threshold of {result.test}"] += 1
    if result.as_written and result.as_written != f"{text} {unit}".strip():
        book.not_carried["measurements", "spelling of a result: its canonical unit is written"] += 1
    book.add(p, course.person.id, cells, supplement)
    if p == "IS" and (second := result.extra.get(NEUTRALISING)):
        other = "" if second == NO_ANSWER else second.upper()
        kept = ("ISBDAGNT", "ISSPEC", "ISDTC", "ISDY")
        test = {"ISTESTCD": "ADA_NAB", "ISTEST": "Neutralizing Antidrug Antibody"}
        own = {"ISORRES": other, "ISSTRESC": other}
        book.add(p, course.person.id, {name: cells[name] for name in kept} | test | own)


def _result(result: Measurement) -> tuple[str, str]:
    if result.value is None:
        return (result.answer or "").upper(), ""
    titre = result.test == ANTIBODIES and result.unit == "1"
    number = f"1:{text_of(result.value)}" if titre else text_of(result.value)
    return f"{result.censor}{number}", "titer" if titre else result.unit


def _scan(course: Course, scan: Scan, start: date | None, book: Book) -> None:
    found = [
        (code, name, value)
        for field, (code, name) in _SCAN_CODES.items()
        if (value := getattr(scan, field)) is not None
    ]
    for at, (code, name, value) in enumerate(
        found or [("MRIBRAIN", "MRI of the Brain Performed", "Y")]
    ):
        number = None if isinstance(value, str) else value
        book.add(
            "MO",
            course.person.id,
            {
                "MOTESTCD": code,
                "MOTEST": name,
                "MOLOC": "BRAIN",
                "MOORRES": text_of(value),
                "MOORRESU": "%" if code == "BRVOLCHG" else None,
                "MOSTRESC": text_of(value),
                "MOSTRESN": number,
                "MODTC": moment_text(scan),
                "MODY": study_day(scan.day, start),
            },
            {"MOCOM": scan.comment if at == 0 else ""},
        )


def _events(course: Course, start: date | None, book: Book) -> None:
    for number, reaction in enumerate(course.reactions, start=1):
        grade = None if reaction.grade is None else str(reaction.grade)
        cells: dict[str, Cell] = {
            "AESPID": str(number),
            "AETERM": reaction.term or UNNAMED,
            "AEDECOD": reaction.term or UNNAMED,
            "AECAT": "INFUSION REACTION",
            "AETOXGR": grade,
            "AEACNOTH": reaction.action,
            "AESTDTC": moment_text(reaction),
            "AESTDY": study_day(reaction.day, start),
        }
        book.add("AE", course.person.id, cells)
    for relapse in course.relapses:
        cells = {
            "CETERM": "MS RELAPSE",
            "CEDECOD": "MULTIPLE SCLEROSIS RELAPSE",
            "CECAT": "RELAPSE",
            "CESEV": relapse.severity,
            "CESTDTC": moment_text(relapse),
            "CESTDY": study_day(relapse.day, start),
        }
        book.add("CE", course.person.id, cells, {"CECOM": relapse.comment})
    for symptom in course.symptoms:
        cells = {
            "CETERM": symptom.symptom,
            "CECAT": "SYMPTOM",
            "CESTDTC": moment_text(symptom),
            "CESTDY": study_day(symptom.day, start),
        }
        book.add("CE", course.person.id, cells, {"CECOM": symptom.comment})


def _plan(course: Course, plan: Plan, start: date | None, book: Book) -> None:
    when = plan.stopped or plan.day
    ended = plan.stopped is not None
    if plan.time_known:
        book.not_carried["plans", "time of day"] += 1
    book.add(
        "DS",
        course.person.id,
        {
            "DSTERM": (plan.reason or "STOPPED") if ended else "PLAN OF TREATMENT",
            "DSDECOD": "TREATMENT STOPPED" if ended else "PLAN OF TREATMENT",
            "DSCAT": "DISPOSITION EVENT" if ended else "OTHER EVENT",
            "DSSTDTC": when.isoformat(),
            "DSSTDY": study_day(when, start),
        },
        {
            "DSDECID": plan.day.isoformat() if when != plan.day else "",
            "DSREAS": "" if ended else plan.reason,
            "DSINTV": text_of(plan.planned_interval_days),
            "DSCONS": text_of(plan.consent),
            "DSAUTH": text_of(plan.authorised),
        },
    )


def _pregnancy(course: Course, pregnancy: Pregnancy, number: int, book: Book) -> None:
    for field, (code, name) in _PREGNANCY_CODES.items():
        value: date | datetime | str | None = getattr(pregnancy, field)
        if value:
            cells = {
                "RPGRPID": str(number),
                "RPTESTCD": code,
                "RPTEST": name,
                "RPORRES": text_of(value),
            }
            book.add("RP", course.person.id, cells)
