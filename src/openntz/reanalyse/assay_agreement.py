"""What two assays say of one sample: how many samples agree, the four cells, and kappa."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
from statsmodels.stats.inter_rater import cohens_kappa

from openntz.course.events import Measurement
from openntz.definitions.antibody_tests import Reading, read_own
from openntz.reanalyse.statistics import proportion

# The two assays read, and whether each was positive.
Pair = tuple[tuple[str, str], tuple[bool, bool]]
CELLS: Final = ("both_positive", "first_alone", "second_alone", "both_negative")


def assay_label(result: Measurement) -> str:
    """An assay with its threshold: what a prevalence belongs to."""
    assay = result.assay
    if assay is None:
        return "assay not recorded, threshold not recorded"
    cut = "threshold not recorded" if assay.threshold is None else f"{assay.threshold:g} ng/mL"
    return f"{assay.label}, {cut}"


def pairs_of(
    results: Sequence[Measurement],
) -> Iterator[Pair]:
    """Samples of one day with an answer by two assays or more."""
    by_day: dict[Any, dict[str, bool]] = {}
    for r in results:
        reading = read_own(r)
        if reading is not Reading.UNDETERMINED:
            by_day.setdefault(r.day, {})[assay_label(r)] = reading is Reading.POSITIVE
    for answers in by_day.values():
        for a, b in combinations(sorted(answers), 2):
            yield (a, b), (answers[a], answers[b])


def agreement(read: Iterable[Pair]) -> list[dict[str, Any]]:
    """Samples of one day read by two assays: share that agree, and Cohen's kappa."""
    pairs: dict[tuple[str, str], list[tuple[bool, bool]]] = {}
    for assays, answers in read:
        pairs.setdefault(assays, []).append(answers)
    rows = []
    for (a, b), found in sorted(pairs.items()):
        counts = np.zeros((2, 2))
        for one, other in found:
            counts[int(one), int(other)] += 1
        share = proportion(int(np.trace(counts)), len(found))
        cells = (counts[1, 1], counts[1, 0], counts[0, 1], counts[0, 0])
        varied = min(counts.sum(0).min(), counts.sum(1).min()) > 0
        kappa: Any = cohens_kappa(counts) if varied else None
        rows.append(
            {
                "measure": "samples on which two assays agree",
                "group": f"{a} v {b}",
                "n": share.n,
                "count": share.count,
                "value": share.value,
                "low": share.low,
                "high": share.high,
                "unknown": 0,
                "kappa": None if kappa is None else float(kappa.kappa),
            }
            | {name: int(of) for name, of in zip(CELLS, cells, strict=True)}
        )
    return rows
