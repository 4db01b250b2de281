"""Whether a card may be used for a person, and with what reservations."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from openntz.course.course import age_on
from openntz.forecast.request import ForecastRequest
from openntz.models.card import Card
from openntz.models.domain import Value


def domain_check(
    request: ForecastRequest, card: Card, weight: float | None
) -> tuple[str, tuple[str, ...]]:
    """(reason to refuse or '', reservations) from the card's validity domain."""
    course, as_of = request.course, request.as_of
    birth = course.person.birth_date
    doses = course.doses
    days = [(b.day - a.day).days for a, b in itertools.pairwise(doses)]
    # Two doses on one day are one administration, not an interval.
    gaps = [round(n / 7, 1) for n in days if n > 0]
    known: dict[str, Value | Iterable[Value]] = {
        "route": sorted({d.route for d in doses}),
        "dose_mg": sorted({d.amount_mg for d in doses}),
        "interval_week": gaps,
        "antibodies": request.antibodies is not None,
    }
    notes = []
    if birth is None:
        notes.append("Age is not recorded; the model was made for adults.")
    else:
        known["age_year"] = age_on(birth, as_of)
    refused = []
    if weight is not None:
        known["weight_kg"] = weight
    elif any(c.name == "weight" and c.missing == "refuse" for c in card.covariates):
        refused.append("Weight is not recorded, and this model cannot do without it. Record it.")
    elif any(c.name == "weight" for c in card.covariates):
        notes.append(
            "Weight is not recorded; the spread of weights in the population is used instead, "
            "which widens the interval."
        )
    verdicts = card.check_domain(**known)
    refused += [v.text for v in verdicts if v.action == "refuse"]
    notes.extend(v.text for v in verdicts if v.action == "warn")
    return " ".join(refused), tuple(dict.fromkeys(notes))
