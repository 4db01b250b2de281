"""'late=2w', 'missed', 'restart=2026-12-01': what-ifs as written, and the futures they mean."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from openntz.definitions.therapy import Therapy
from openntz.errors import InputError
from openntz.forecast.history import DAY, History
from openntz.forecast.scenarios import Asked, Supposed
from openntz.forecast.what_if import Exchange, Future, FutureDose
from openntz.models.card import Card
from openntz.monitor.profile import Profile
from openntz.monitor.rule import days_text

_WHERE: Final = "--what-if"
FORMS: Final = (
    "late=2w",
    "missed",
    "stopped",
    "restart=YYYY-MM-DD",
    "route=SC",
    "route=IV",
    "weight=90",
    "plasma-exchange=3",
)
# More than a course of sessions; keeps a slip of the pen from being computed.
_MOST_SESSIONS: Final = 15
_LENGTH: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(w|wk|weeks?|d|days?)")


class Standing(Struct, frozen=True, kw_only=True):
    """Where the person stands: what futures are measured from."""

    history: History
    therapy: Therapy
    now: datetime
    profile: Profile
    card: Card

    @property
    def doses(self) -> int:
        """Doses ahead that are followed."""
        return round(self.profile.number("what-if.doses"))

    def moment(self, day: date) -> datetime:
        """A dose's moment on a date: at the last dose's time of day, not before now."""
        last = self.history.last_dose
        clock = last - last.replace(hour=0, minute=0, second=0, microsecond=0)
        return max(datetime(day.year, day.month, day.day) + clock, self.now)

    def planned(self, name: str) -> date:
        """The date of the next dose as things stand.

        Raises
        ------
        InputError
            When none is expected.
        """
        if self.therapy.planned is None:
            raise InputError(
                f"{name}: no dose is expected ({self.therapy.state.value}).",
                where=_WHERE,
                remedy="Ask for restart=YYYY-MM-DD.",
            )
        return max(self.therapy.planned, self.therapy.as_of)

    def series(self, first: date) -> tuple[date, ...]:
        """Dates of doses from the first on, at the present interval."""
        step = timedelta(days=self.therapy.interval_days)
        return tuple(first + i * step for i in range(self.doses))

    def like_last(self, days: Sequence[date], *, subcutaneous: bool | None = None) -> Future:
        """Doses like the last on these dates, by another route if said."""
        given = self.history.schedule
        skin = bool(given.subcutaneous[-1]) if subcutaneous is None else subcutaneous
        infusion = self.history.assumed.infusion_minutes / (24 * 60)
        length = float(given.duration_day[-1]) or infusion
        return Future(
            doses=tuple(
                FutureDose(
                    day=self.history.day(self.moment(d)),
                    amount_mg=float(given.amount_mg[-1]),
                    duration_day=0.0 if skin else length,
                    subcutaneous=skin,
                )
                for d in days
            )
        )

    def asked(self, label: str, day: date) -> Asked:
        """A moment to show."""
        return Asked(label, day, self.history.day(self.moment(day)))

    def troughs(self, days: Sequence[date]) -> tuple[Asked, ...]:
        """The moment before each dose."""
        return tuple(self.asked(f"before dose {i}", d) for i, d in enumerate(days, start=1))

    def ahead(self) -> tuple[date, ...]:
        """The planned dates, or without a plan as many from today on."""
        return self.series(self.therapy.planned or self.therapy.as_of)


def _late(text: str, at: Standing) -> Supposed:
    found = _LENGTH.fullmatch(text.strip().casefold())
    if found is None or float(found[1]) <= 0:
        raise InputError(f"{text!r} is no delay.", where=_WHERE, remedy="Write late=2w or late=9d.")
    days = round(float(found[1]) * (7 if found[2].startswith("w") else 1))
    dates = at.series(at.planned("late") + timedelta(days=days))
    return Supposed(
        name=f"late={text}",
        title=f"the next dose {days_text(days)} later than planned, on {dates[0]}",
        future=at.like_last(dates),
        moments=(at.asked("planned date", at.planned("late")), *at.troughs(dates)),
    )


def _missed(at: Standing) -> Supposed:
    skipped, *dates = at.series(at.planned("missed"))
    return Supposed(
        name="missed",
        title=f"the dose of {skipped} is missed, the one after it is given",
        future=at.like_last(dates),
        moments=(at.asked("missed dose", skipped), *at.troughs(dates)),
    )


def _stopped(at: Standing) -> Supposed:
    return Supposed(
        name="stopped",
        title="no further dose",
        future=Future(),
        moments=tuple(at.asked("no dose", d) for d in at.ahead()),
    )


def _restart(text: str, at: Standing) -> Supposed:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise InputError(
            f"{text!r} is no date.", where=_WHERE, remedy="Write restart=YYYY-MM-DD."
        ) from None
    if day < at.therapy.as_of or day <= at.history.last_dose.date():
        raise InputError(
            f"{day} is not after the last dose and the as-of day {at.therapy.as_of}.",
            where=_WHERE,
            remedy="Give a later day.",
        )
    dates = at.series(day)
    return Supposed(
        name=f"restart={day}",
        title=f"restarted on {day}, then every {days_text(at.therapy.interval_days)}",
        future=at.like_last(dates),
        moments=at.troughs(dates),
        notes=("Antibodies can return with a restart; the levels shown assume none do.",),
    )


def _route(text: str, at: Standing) -> Supposed:
    route = text.strip().upper()
    if route not in {"IV", "SC"}:
        raise InputError(f"{text!r} is no route.", where=_WHERE, remedy="Write route=SC or IV.")
    if route == "SC" and at.card.structure.absorption == "none":
        raise InputError(
            f"the model {at.card.id} has no absorption.",
            where=_WHERE,
            remedy="Use a model with subcutaneous doses.",
        )
    dates = at.series(at.planned("route"))
    notes = tuple(v.text for v in at.card.check_domain(route=[route]))
    return Supposed(
        name=f"route={route}",
        title=f"{'subcutaneous' if route == 'SC' else 'intravenous'} from {dates[0]} on",
        future=at.like_last(dates, subcutaneous=route == "SC"),
        moments=at.troughs(dates),
        notes=notes,
    )


def _weight(text: str, at: Standing) -> Supposed:
    try:
        kilograms = float(text.casefold().removesuffix("kg"))
        if not math.isfinite(kilograms):
            raise ValueError(text)
    except ValueError:
        raise InputError(
            f"{text!r} is no weight.", where=_WHERE, remedy="Write weight=90, in kg."
        ) from None
    verdicts = at.card.check_domain(weight_kg=kilograms)
    refused = [v.text for v in verdicts if v.action == "refuse"]
    if refused:
        raise InputError(" ".join(refused), where=_WHERE, remedy="Give a weight inside of it.")
    dates = at.series(at.planned("weight"))
    return Supposed(
        name=f"weight={kilograms:g}",
        title=f"a weight of {kilograms:g} kg from now on",
        future=replace(
            at.like_last(dates), weight_kg=kilograms, weight_from=at.history.day(at.now)
        ),
        moments=at.troughs(dates),
        notes=("The weight is taken to change at once.", *(v.text for v in verdicts)),
    )


def _plasma_exchange(text: str, at: Standing) -> Supposed:
    if not text.strip().isdigit() or not 1 <= int(text) <= _MOST_SESSIONS:
        raise InputError(
            f"{text!r} is no number of sessions.",
            where=_WHERE,
            remedy=f"Write plasma-exchange=3: a whole number from 1 to {_MOST_SESSIONS}.",
        )
    removed, session = (
        at.profile.fact("plasma-exchange.removed"),
        at.profile.number("plasma-exchange.session") / 24,
    )
    spacing = at.profile.fact("plasma-exchange.spacing")
    first = at.history.day(at.now)
    starts = [first + i * spacing.number for i in range(int(text))]
    moments = [at.asked("no dose", d) for d in at.ahead()]
    for i, start in enumerate(starts, start=1):
        for label, when in (
            (f"before session {i}", start),
            (f"after session {i}", start + session),
        ):
            moments.append(Asked(label, (at.history.origin + when * DAY).date(), when))
    mark = "" if removed.verified else " (unverified: no measurement was read)"
    return Supposed(
        name=f"plasma-exchange={int(text)}",
        title=f"plasma exchange, {int(text)} sessions from now on, and no further dose",
        future=Future(exchanges=tuple(Exchange(s, session, removed.number) for s in starts)),
        moments=tuple(sorted(moments, key=lambda m: m.at)),
        notes=(
            f"One session is taken to remove {100 * removed.number:.0f} % of the drug in "
            f"plasma{mark}, {spacing.number:g} days apart. Drug comes back from the tissues after "
            "each session.",
        ),
    )


def as_planned(at: Standing) -> Supposed:
    """The future as things stand: the planned doses, or none where none is expected."""
    if at.therapy.planned is None:
        return replace(_stopped(at), name="as planned", title="no further dose is expected")
    dates = at.ahead()
    return Supposed(
        name="as planned",
        title=f"every {days_text(at.therapy.interval_days)} from {dates[0]}",
        future=at.like_last(dates),
        moments=at.troughs(dates),
    )


_PLAIN: Final[dict[str, Callable[[Standing], Supposed]]] = {"missed": _missed, "stopped": _stopped}
_VALUED: Final[dict[str, Callable[[str, Standing], Supposed]]] = {
    "late": _late,
    "restart": _restart,
    "route": _route,
    "weight": _weight,
    "plasma-exchange": _plasma_exchange,
}


def suppose(text: str, at: Standing) -> Supposed:
    """The future that a what-if means.

    Raises
    ------
    InputError
        When it cannot be read, or does not apply to this person; the remedy says the forms.
    """
    name, equals, value = text.strip().partition("=")
    name = name.strip().casefold()
    if name in _PLAIN and not equals:
        return _PLAIN[name](at)
    if name in _VALUED and value:
        return _VALUED[name](value, at)
    raise InputError(
        f"{text!r} is no what-if.", where=_WHERE, remedy=f"Write one of {', '.join(FORMS)}."
    )
