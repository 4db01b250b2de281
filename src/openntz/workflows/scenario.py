"""Scenario files: which virtual people are treated how, seen when, and how it goes wrong.

Outside data, so everything is checked on the way in; a message names the key inside the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal

import tomli
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from openntz.errors import InputError

_WEEK: Final = 7

Days = Annotated[int, Field(ge=0, le=36_525)]
Weeks = Annotated[int, Field(ge=1, le=520)]
Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Factor = Annotated[float, Field(gt=0.0, le=1000.0, allow_inf_nan=False)]
Word = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Phase(_Strict):
    """Doses at one interval; the first comes ``wait_week`` after the last of the phase before."""

    every_week: Weeks
    count: Annotated[int, Field(ge=1, le=1000)]
    route: Literal["IV", "SC"] = "IV"
    mg: Annotated[float, Field(gt=0.0, le=3000.0, allow_inf_nan=False)] = 300.0
    wait_week: Weeks | None = None


class Successor(_Strict):
    """A treatment that follows natalizumab; its own effect is not simulated."""

    name: Word
    after_week: Annotated[int, Field(ge=0, le=520)]


class WeightFile(_Strict):
    """Weight goes to ``factor`` times between two days."""

    start_day: Days
    end_day: Days
    factor: Annotated[float, Field(ge=0.5, le=2.0, allow_inf_nan=False)]

    @model_validator(mode="after")
    def _forward(self) -> WeightFile:
        if self.end_day <= self.start_day:
            raise ValueError("end_day must come after start_day")
        return self


class ExchangeFile(_Strict):
    """Sessions of plasma exchange from a day on."""

    start_day: Days
    sessions: Annotated[int, Field(ge=1, le=20)]


class PregnancyFile(_Strict):
    """Conception of the women of an arm; treatment is not changed by it here."""

    conception_day: Days


class Arm(_Strict):
    """People treated alike; an arm without doses is placebo."""

    name: Word
    people: Annotated[int, Field(ge=1, le=1_000_000)]
    doses: list[Phase] = []
    product: Word = "Tysabri"
    immunogenicity: Factor = 1.0
    activity: Factor = 1.0
    stop_reason: Word = "end of the planned doses"
    successor: Successor | None = None
    weight_change: WeightFile | None = None
    plasma_exchange: ExchangeFile | None = None
    pregnancy: PregnancyFile | None = None


class Visits(_Strict):
    """How often what is measured; counts in weeks from the first dose, levels by dose."""

    blood_week: Weeks = 12
    antibody_week: Weeks = 12
    antibody_assay: Literal["elisa_500", "ria_100", "ecl_4"] = "elisa_500"
    mri_week: Weeks = 24
    edss_week: Weeks = 24
    weight_week: Weeks = 52
    level_every_doses: Annotated[int, Field(ge=1, le=1000)] = 6


class Conduct(_Strict):
    """What goes wrong: doses missed or late, people who leave, and who stops after a reaction."""

    missed_dose: Share = 0.0
    late_day_sd: Annotated[float, Field(ge=0.0, le=60.0, allow_inf_nan=False)] = 0.0
    leave_per_year: Annotated[float, Field(ge=0.0, le=20.0, allow_inf_nan=False)] = 0.0
    stop_after_hypersensitivity: bool = True


class Scenario(_Strict):
    """A whole simulated study."""

    title: Word
    start: date
    days: Annotated[int, Field(ge=1, le=18_262)]
    arm: Annotated[list[Arm], Field(min_length=1)]
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 20261122
    visits: Visits = Visits()
    conduct: Conduct = Conduct()

    @model_validator(mode="after")
    def _names(self) -> Scenario:
        names = [arm.name for arm in self.arm]
        if len(set(names)) < len(names):
            raise ValueError("two arms have one name")
        return self


def phase_days(arm: Arm) -> list[tuple[int, int]]:
    """First day and days between doses of each phase of an arm, as planned."""
    found: list[tuple[int, int]] = []
    last = 0
    for phase in arm.doses:
        step = phase.every_week * _WEEK
        wait = phase.wait_week * _WEEK if phase.wait_week else step
        first = last + wait if found else 0
        found.append((first, step))
        last = first + (phase.count - 1) * step
    return found


def _without_effect(arm: Arm, days: int) -> Iterator[tuple[str, str]]:
    """Key in the arm and reason, of everything stated that this study would never show."""
    phases = phase_days(arm)
    if arm.doses and arm.doses[0].wait_week is not None:
        yield "doses[1].wait_week", "nothing comes before the first phase"
    for at, (first, _) in enumerate(phases, start=1):
        if first >= days:
            yield f"doses[{at}]", f"it begins on day {first}, and the study ends on day {days}"
    events = (
        ("weight_change.start_day", arm.weight_change and arm.weight_change.start_day),
        ("plasma_exchange.start_day", arm.plasma_exchange and arm.plasma_exchange.start_day),
        ("pregnancy.conception_day", arm.pregnancy and arm.pregnancy.conception_day),
    )
    for key, day in events:
        if day is not None and day >= days:
            yield key, f"the study ends on day {days}"
    if arm.successor is None:
        return
    if not phases:
        yield "successor", "an arm without doses has nothing to follow"
        return
    first, step = phases[-1]
    last = first + (arm.doses[-1].count - 1) * step
    begins = last + arm.successor.after_week * _WEEK
    if last + step >= days:
        yield "successor", f"the doses go on to the end of the study on day {days}"
    elif begins > days:
        yield "successor.after_week", f"it begins on day {begins}, the study ends on day {days}"


def _check_effects(scenario: Scenario, where: str) -> None:
    for at, arm in enumerate(scenario.arm, start=1):
        for key, reason in _without_effect(arm, scenario.days):
            raise InputError(
                f"arm {arm.name!r} states what would never happen: {reason}.",
                where=f"{where}: arm[{at}].{key}",
                remedy="Mend or remove it, or give the study more days.",
            )


def _fault(error: ValidationError, where: str) -> InputError:
    errors = error.errors(include_url=False, include_context=False)
    # A misspelt key is also a missing one; the spelling is what has to be mended.
    first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
    path = "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p in first["loc"])
    value = first.get("input")
    shown = f" ({value!r:.60})" if isinstance(value, (str, int, float, bool)) else ""
    what = f"{first['msg']}{shown}."
    if first["type"] == "extra_forbidden":
        what = "this key is not known."
    return InputError(
        what,
        where=f"{where}: {path.lstrip('.')}" if path else where,
        remedy="docs/concepts/virtual-people.md lists the keys and what they may be.",
    )


def read_scenario(path: Path) -> Scenario:
    """A scenario from a TOML file.

    Raises
    ------
    InputError
        Naming file, key and remedy, when the file cannot be read, is not TOML, has an unknown
        key, a number out of range, an empty arm, or something that the study would never show.
    """
    try:
        raw = tomli.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise InputError(
            f"the scenario cannot be read ({reason}).",
            where=str(path),
            remedy="Give a TOML file; examples/simulate holds some.",
        ) from None
    except tomli.TOMLDecodeError as error:
        raise InputError(
            f"not valid TOML: {error}.", where=str(path), remedy="Mend the syntax."
        ) from None
    try:
        scenario = Scenario.model_validate(raw)
    except ValidationError as error:
        raise _fault(error, str(path)) from None
    _check_effects(scenario, str(path))
    return scenario
