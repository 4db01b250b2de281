"""What was studied of the washout to each drug, with its figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from openntz.definitions.washout import StudiedWashout, Successor
from openntz.evidence.registry import Fact
from openntz.forecast.outlook import DAYS_A_WEEK
from openntz.monitor.profile import Profile
from openntz.monitor.rule import days_text
from openntz.monitor.rules.standing import weeks_text

NAME_KEYS: Final[Mapping[Successor, str]] = MappingProxyType(
    {
        Successor.FINGOLIMOD: "washout.fingolimod.names",
        Successor.ALEMTUZUMAB: "washout.alemtuzumab.names",
        Successor.OCRELIZUMAB: "washout.ocrelizumab.names",
        Successor.FUMARATE: "washout.fumarate.names",
        Successor.INTERFERON: "washout.interferon.names",
        Successor.GLATIRAMER: "washout.glatiramer.names",
    }
)
FIGURE_KEYS: Final[Mapping[Successor, tuple[str, ...]]] = MappingProxyType(
    {
        Successor.FINGOLIMOD: (
            "washout.fingolimod.within",
            "washout.fingolimod.long",
            "washout.fingolimod.odds",
            "washout.fingolimod.hazard",
        ),
        Successor.ALEMTUZUMAB: ("washout.alemtuzumab.within",),
        Successor.OCRELIZUMAB: ("washout.ocrelizumab.within",),
        Successor.FUMARATE: ("washout.fumarate.failed",),
        Successor.INTERFERON: ("washout.interferon.recurrence", "washout.stayed.recurrence"),
        Successor.GLATIRAMER: ("washout.glatiramer.recurrence", "washout.stayed.recurrence"),
    }
)
STEROID_KEYS: Final = ("washout.steroid.recurrence", "rebound.share.ivmp")


def names_of(profile: Profile) -> tuple[tuple[Successor, tuple[str, ...]], ...]:
    """Each drug with the names it goes by."""
    return tuple((drug, profile.words(key)) for drug, key in NAME_KEYS.items())


def studied_washout(drug: Successor, profile: Profile) -> StudiedWashout | None:
    """The washout studied for a drug; None where none was."""
    if drug is Successor.FINGOLIMOD:
        return StudiedWashout(0, profile.days("washout.fingolimod.within"), mri_before=False)
    if drug in {Successor.ALEMTUZUMAB, Successor.OCRELIZUMAB}:
        low, high = _ends(profile.fact(FIGURE_KEYS[drug][0]))
        # The weeks for ocrelizumab ask for a clear MRI, not for a wait of four of them.
        shortest = low if drug is Successor.ALEMTUZUMAB else 0
        return StudiedWashout(shortest, high, mri_before=True)
    return None


def _ends(fact: Fact) -> tuple[int, int]:
    """Both ends of a range in days; a site's single number is the longest."""
    factor = DAYS_A_WEEK if fact.unit == "wk" else 1
    if fact.low is None or fact.high is None:
        return 0, round(fact.number * factor)
    return round(fact.low * factor), round(fact.high * factor)


def _fingolimod(profile: Profile) -> str:
    odds, hazard = (
        profile.fact("washout.fingolimod.odds"),
        profile.fact("washout.fingolimod.hazard"),
    )
    return (
        f"In a study of switching to fingolimod, a washout of more than "
        f"{weeks_text(profile.fact('washout.fingolimod.long'))} had {odds.shown} times the odds of "
        f"a relapse of one below {weeks_text(profile.fact('washout.fingolimod.within'))}"
        f"{_bounds(odds)} (Leurs); another found fewer relapses the shorter it was (hazard ratio "
        f"{hazard.shown}, Naegelin)."
    )


def _bounds(fact: Fact) -> str:
    if fact.low is None or fact.high is None:
        return ""
    return f" ({fact.low:g} to {fact.high:g})"


def _alemtuzumab(profile: Profile) -> str:
    fact = profile.fact("washout.alemtuzumab.within")
    return (
        f"In the study of switching to alemtuzumab the washout was "
        f"{fact.shown.replace(' d', ' days', 1)}{_bounds(fact)}, with MRI every three months and "
        "just before the start."
    )


def _ocrelizumab(profile: Profile) -> str:
    fact = profile.fact("washout.ocrelizumab.within")
    return f"To ocrelizumab: about {weeks_text(fact)} with a clear MRI."


def _fumarate(profile: Profile) -> str:
    failed = profile.fact("washout.fumarate.failed").shown
    return (
        f"No washout to dimethyl fumarate was studied; in {failed} it did not stop activity after "
        "natalizumab (ClinicSpeak 2015)."
    )


def _restore(drug: str, key: str, profile: Profile) -> str:
    return (
        f"RESTORE: MRI activity came back in {profile.fact(key).shown} people on {drug}, in "
        f"{profile.fact('washout.stayed.recurrence').shown} who stayed on natalizumab."
    )


_WORDS: Final[Mapping[Successor, Callable[[Profile], str]]] = MappingProxyType(
    {
        Successor.FINGOLIMOD: _fingolimod,
        Successor.ALEMTUZUMAB: _alemtuzumab,
        Successor.OCRELIZUMAB: _ocrelizumab,
        Successor.FUMARATE: _fumarate,
        Successor.INTERFERON: lambda p: _restore(
            "interferon beta", "washout.interferon.recurrence", p
        ),
        Successor.GLATIRAMER: lambda p: _restore("glatiramer", "washout.glatiramer.recurrence", p),
    }
)


def figures(drug: Successor, profile: Profile) -> str:
    """What was published of the switch to a drug."""
    return _WORDS[drug](profile)


def steroid_text(profile: Profile) -> str:
    """Both sides of steroid pulses in the washout."""
    return (
        "Steroids in the washout: in RESTORE MRI activity came back in "
        f"{profile.fact('washout.steroid.recurrence').shown} on methylprednisolone; a cohort with "
        f"pulses saw rebound in {profile.fact('rebound.share.ivmp').shown}."
    )


def range_text(studied: StudiedWashout, drug: Successor, profile: Profile) -> str:
    """'41 to 99 days', 'up to 6 weeks (unverified)': what was studied, with its rank."""
    _, bracket, mark = profile.fact(FIGURE_KEYS[drug][0]).shown.partition(" (")
    longest = days_text(studied.longest_days)
    span = f"{studied.shortest_days} to {longest}" if studied.shortest_days else f"up to {longest}"
    return f"{span}{bracket}{mark}"
