"""What blood counts alone say of the drug, as one sentence beside the rule on the rise."""

from __future__ import annotations

from typing import Final

from openntz.course import vocabulary
from openntz.evidence.registry import Registry
from openntz.forecast.sensor import CountsAlone
from openntz.monitor.rules.lymphocytes import NO_RISE
from openntz.report import words

RULE: Final = NO_RISE.id

_NAMES: Final = {
    vocabulary.LYMPHOCYTES: "lymphocytes",
    vocabulary.CD19: "B cells",
    vocabulary.MONOCYTES: "monocytes",
    vocabulary.EOSINOPHILS: "eosinophils",
}


def _and(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _basis(found: CountsAlone) -> str:
    """'lymphocytes (3) and B cells (3) against the own baseline; rise of B cells assumed'."""
    counted = _and([f"{_NAMES[cell]} ({n})" for cell, n in found.weighed.items()])
    left = f", {words.count(found.left_out, 'count')} left out" if found.left_out else ""
    names = _and([_NAMES[cell] for cell in found.assumed])
    assumed = f"; the rise of {names} is assumed" if names else ""
    return f"{counted} against the person’s own baseline{left}{assumed}"


def counts_alone_text(found: CountsAlone | None, registry: Registry) -> str:
    """The sentence, or why there is none; empty where nothing is asked."""
    if found is None:
        return ""
    if found.answer is None:
        return (
            "Chance that the drug is neutralised, by blood counts alone: not computed, because "
            f"{found.reason}."
        )
    least = registry.fact("sensor.shown-least").number
    chance, prior = found.answer.probability, found.answer.prior
    shown = f"less than {words.chance(least)}" if chance < least else words.chance(chance)
    return (
        f"By blood counts alone, to day {found.day}, the chance that the drug is neutralised is "
        f"{shown} ({words.chance(prior)} before counting; {_basis(found)}): a model of virtual "
        "people, not validated in people, which no rule reads and which rules nothing out."
    )
