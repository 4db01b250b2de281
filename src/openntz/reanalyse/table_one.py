"""Table 1: who is in the data, by arm, with those whose value is missing counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from msgspec import Struct

from openntz.course.course import Course
from openntz.reanalyse.result import AnalysisResult, Part, Step, table
from openntz.reanalyse.study import SetAside, Study, Whole, age_at

NAME: Final = "table-1"
TITLE: Final = "Table 1: who is in the data"
MISSING: Final = "missing"
ALL: Final = "all"
_YEAR: Final = 365.25
_PRODUCTS_SHOWN: Final = 8


def _age(study: Study, course: Course) -> float | None:
    start = study.start_of(course)
    return None if start is None else age_at(course, start)


def _duration(study: Study, course: Course) -> float | None:
    start, onset = study.start_of(course), course.person.ms_onset
    return None if start is None or onset is None else (start - onset).days / _YEAR


def _followed(study: Study, course: Course) -> float | None:
    start = study.start_of(course)
    return None if start is None else max(0, (study.as_of - start).days) / _YEAR


def _doses(_: Study, course: Course) -> float | None:
    return float(len(course.doses)) if course.has("doses") else None


_NUMBERS: Final[dict[str, Callable[[Study, Course], float | None]]] = {
    "age at entry, years": _age,
    "disease duration at entry, years": _duration,
    "doses": _doses,
    "from entry to the cut-off, years": _followed,
}
MEASURED: Final = tuple(_NUMBERS)


def _count(measure: str, group: str, count: int, n: int) -> dict[str, Any]:
    return {
        "measure": measure,
        "group": group,
        "n": n,
        "count": count,
        "value": count / n if n else None,
    }


class Described(Struct, frozen=True):
    """A person in Table 1; ``numbers`` are in the order of its measures."""

    arm: str
    sex: str
    product: str
    numbers: tuple[float | None, ...]
    person: str = ""


def _of_group(group: str, own: Sequence[Described]) -> list[dict[str, Any]]:
    n = len(own)
    rows = [_count("people", group, n, n)]
    sexes = Counter(p.sex for p in own)
    for sex, told in (("F", "female"), ("M", "male"), ("", f"sex {MISSING}")):
        rows.append(_count(told, group, sexes[sex], n))
    for at, measure in enumerate(_NUMBERS):
        values = [v for p in own if (v := p.numbers[at]) is not None]
        quartiles = np.quantile(values, [0.5, 0.25, 0.75]) if values else (None, None, None)
        value, low, high = (None if q is None else float(q) for q in quartiles)
        rows.append(
            {"measure": measure, "group": group, "n": len(values), "value": value,
             "low": low, "high": high}
        )  # fmt: skip
        rows.append(_count(f"{measure.split(',')[0]} {MISSING}", group, n - len(values), n))
    return rows


def _product(course: Course) -> str:
    if not course.doses:
        return "no natalizumab"
    return " ".join(course.doses[0].product.split()).casefold() or f"product {MISSING}"


def _products(groups: dict[str, list[Described]]) -> list[dict[str, Any]]:
    common = Counter(p.product for p in groups[ALL])
    shown = [name for name, _ in common.most_common(_PRODUCTS_SHOWN)]
    rows = []
    for group, own in groups.items():
        counts = Counter(p.product if p.product in shown else "other product" for p in own)
        names = [*shown, *(["other product"] if len(common) > len(shown) else [])]
        rows += [_count(f"first product: {name}", group, counts[name], len(own)) for name in names]
    return rows


def table_one(study: Study) -> AnalysisResult:
    """People, age, sex, disease duration, doses, product and time since entry by arm."""
    return conclude_table_one(take_table_one(study), Whole.of(study))


def take_table_one(study: Study) -> Part:
    """What the table needs of each person, and whom a row set aside belongs to."""
    people = [
        Described(
            study.arms.get(c.person.id, ""),
            c.person.sex,
            _product(c),
            tuple(read(study, c) for read in _NUMBERS.values()),
            c.person.id,
        )
        for c in study
    ]
    return people, list(dict.fromkeys(a.person for a in study.set_aside if a.person))


def conclude_table_one(part: Part, whole: Whole) -> AnalysisResult:
    """The table of what was taken from all people."""
    people, named = part
    groups = {ALL: list(people)}
    arms = sorted({p.arm for p in people if p.arm})
    for arm in arms:
        groups[f"arm: {arm}"] = [p for p in people if p.arm == arm]
    without = [p for p in people if not p.arm]
    if without and arms:
        groups["arm: not recorded"] = without
    rows = [row for group, own in groups.items() for row in _of_group(group, own)]
    aside = tuple(dict.fromkeys(named))
    here = {p.person for p in people} & set(aside)
    return AnalysisResult(
        name=NAME,
        title=TITLE,
        status="done",
        summary=table([*rows, *_products(groups)]),
        definitions={
            "entry": "first dose, else the start of the study as recorded",
            "numbers": "median with quartiles of those whose value is known",
        },
        flow=(
            Step("people in the data", whole.people),
            Step(
                "with every row used",
                whole.people - len(here),
                (("a row of theirs was set aside", len(here)),) if here else (),
            ),
        ),
        set_aside=tuple(
            SetAside(name, "a row of this person was set aside when the data were read")
            for name in aside
        ),
    )
