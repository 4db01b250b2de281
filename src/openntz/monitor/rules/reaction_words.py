"""Sentences about one reaction: where its onset falls, and what decides its grade."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from openntz.definitions.ctcae import GradeScale, Scale, scale_of
from openntz.definitions.reaction_windows import OnsetWindow, WindowLimits
from openntz.evidence.registry import Fact
from openntz.monitor.profile import Profile

_KEYS: Final[Mapping[Scale, tuple[str, ...]]] = {
    Scale.INFUSION: (
        "ctcae.infusion.grade-1",
        "ctcae.infusion.grade-2",
        "ctcae.infusion.grade-3",
        "ctcae.infusion.grade-4",
        "ctcae.infusion.grade-5",
    ),
    Scale.ALLERGIC: (
        "ctcae.allergic.grade-1",
        "ctcae.allergic.grade-2",
        "ctcae.allergic.grade-3",
        "ctcae.allergic.grade-4",
        "ctcae.allergic.grade-5",
    ),
    Scale.ANAPHYLAXIS: (
        "ctcae.anaphylaxis.grade-3",
        "ctcae.anaphylaxis.grade-4",
        "ctcae.anaphylaxis.grade-5",
    ),
}


def window_limits(profile: Profile) -> WindowLimits:
    """The bounds of the onset windows under a profile."""
    return WindowLimits(
        minutes=timedelta(minutes=profile.number("reaction.window-minutes")),
        from_start=timedelta(hours=profile.number("reaction.window-from-start")),
        hour_after=timedelta(hours=profile.number("reaction.window-hour-after")),
        late=timedelta(hours=profile.number("reaction.window-late")),
        days_from=profile.days("reaction.serum-sickness-from"),
        days_until=profile.days("reaction.serum-sickness-until"),
    )


def window_text(window: OnsetWindow, profile: Profile) -> str:
    """A window with its bound as the registry shows it."""

    def shown(key: str) -> str:
        return profile.fact(key).shown

    if window is OnsetWindow.MINUTES:
        return f"within {shown('reaction.window-minutes')} of the start"
    if window is OnsetWindow.DURING:
        return "during the infusion"
    if window is OnsetWindow.HOUR_AFTER:
        return f"within {shown('reaction.window-hour-after')} after the end"
    if window is OnsetWindow.FROM_START:
        return f"within {shown('reaction.window-from-start')} of the start (the window of AFFIRM)"
    if window is OnsetWindow.LATE:
        return f"beyond {shown('reaction.window-late')} after the end"
    until = profile.fact("reaction.serum-sickness-until")
    return f"in the days of serum sickness (up to {until.shown})"


def windows_text(windows: Mapping[OnsetWindow, bool | None] | None, profile: Profile) -> str:
    """Every window the reaction is known to lie in; that it lies in none is said too."""
    if windows is None:
        return ""
    inside = [window_text(w, profile) for w, there in windows.items() if there]
    if inside:
        return f"Onset {', '.join(inside)}."
    if any(there is None for there in windows.values()):
        return "When it began after the start is not known."
    return "Onset in none of the windows that sources report."


def grade_facts(scale: Scale, profile: Profile) -> Mapping[int, Fact]:
    """The words of each grade of a scale, as facts."""
    return {int(key[-1]): profile.fact(key) for key in _KEYS[scale]}


def grade_keys(scale: Scale) -> tuple[str, ...]:
    """The keys of the words that decide a grade."""
    return _KEYS[scale]


def grade_scale(scale: Scale, profile: Profile) -> GradeScale:
    """A scale with its words under a profile."""
    facts = grade_facts(scale, profile)
    return GradeScale(scale, {n: f.shown for n, f in facts.items()})


def reaction_scale(term: str, profile: Profile) -> Scale:
    """The scale a recorded term is graded by."""
    return scale_of(
        term,
        anaphylaxis=profile.words("ctcae.anaphylaxis-terms"),
        allergic=profile.words("hypersensitivity.terms"),
        negations=profile.words("hypersensitivity.negations"),
    )


def what_decides(scale: GradeScale, severe: float) -> str:
    """'CTCAE infusion-related reaction: 1 mild ..., 2 interrupted ..., 3 prolonged ...'.

    Up to the ``severe`` grade only: what is worse speaks for itself.
    """
    asked = [f"{n} {words}" for n, words in scale.words.items() if n <= severe]
    start = f", which starts at {scale.lowest}" if scale.lowest > 1 else ""
    return f"CTCAE {scale.scale}{start}: {'; '.join(asked)}"
