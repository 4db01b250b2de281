"""Whether a dose may be given at home, and whether one was that should not have been."""

from __future__ import annotations

from datetime import date
from typing import Final

from msgspec import Struct

from openntz.course.events import Dose, Ref, Route
from openntz.definitions.reactions import link_reaction
from openntz.definitions.settings import Place, place_of
from openntz.definitions.therapy import Therapy
from openntz.definitions.tolerated import tolerated_in_a_row
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.forbidden import ForbiddingReaction, forbidding_reaction
from openntz.monitor.rules.next_dose import next_dose_text
from openntz.monitor.rules.standing import NEVER_DOSED, joined, off_text, standing_refs

JURISDICTIONS: Final = ("eu", "ch", "us")


class HomeDose(Struct, frozen=True):
    """A dose at home, given or booked, and the days with a tolerated dose just before it."""

    dose: Dose
    tolerated: int


class HomeFacts(Struct, frozen=True, kw_only=True):
    """Where the last dose was given, the last and the booked dose at home, and reactions.

    ``latest`` is set when the last dose was given at home, ``booked`` when the next is booked
    there; ``tolerated`` counts up to the next dose. ``against`` holds the doses at home, given
    or booked, after a reaction that forbids.
    """

    therapy: Therapy
    place: Place
    word: str
    latest: HomeDose | None = None
    booked: HomeDose | None = None
    tolerated: int = 0
    earlier: tuple[Dose, ...] = ()
    reactions_recorded: bool = True
    forbids: ForbiddingReaction | None = None
    against: tuple[Dose, ...] = ()


def home_facts(situation: Situation, profile: Profile) -> HomeFacts:
    """Facts of ``administration.home``."""
    course, t = situation.course, situation.therapy
    within = profile.days("reaction.linked-within")
    links = [link_reaction(r, course.doses, within) for r in course.reactions]
    reacted = {link.dose.day for link in links if link.dose is not None}
    recount = profile.chosen("observation.recount") == "yes"
    gap = profile.days("observation.recount-gap") if recount else None

    home_words, clinic_words = profile.words("home.terms"), profile.words("home.clinic-terms")

    def where(dose: Dose) -> Place:
        return place_of(dose.setting, home=home_words, clinic=clinic_words)

    def at_home(dose: Dose | None) -> HomeDose | None:
        if dose is None or where(dose) is not Place.HOME:
            return None
        before = [d for d in course.doses if d.day < dose.day]
        return HomeDose(dose, tolerated_in_a_row(before, reacted, dose.day, gap))

    booked = next((e for e in situation.booked if isinstance(e, Dose)), None)
    last = t.last_dose
    forbids = forbidding_reaction(situation, profile)
    homes = [d for d in (*course.doses, booked) if d is not None and where(d) is Place.HOME]
    next_day = t.planned if t.planned is not None else situation.as_of
    return HomeFacts(
        therapy=t,
        place=Place.NOT_RECORDED if last is None else where(last),
        word="" if last is None else last.setting,
        latest=at_home(last),
        booked=at_home(booked),
        tolerated=tolerated_in_a_row(course.doses, reacted, max(next_day, situation.as_of), gap),
        earlier=tuple(d for d in homes if d is not last and d is not booked),
        reactions_recorded=course.has("reactions"),
        forbids=forbids,
        against=tuple(d for d in homes if forbids is not None and d.day > forbids.on),
    )


class Permission(Struct, frozen=True):
    """What one text says about a dose at home.

    ``may`` is None where it says nothing, or where it cannot be told because reactions are not
    in the export (``untold``).
    """

    may: bool | None
    why: str
    keys: tuple[str, ...]
    untold: bool = False


def _eu(route: Route, tolerated: int, known: bool, profile: Profile) -> Permission:
    keys = ("home.tolerated-doses", "home.checklist")
    fact = profile.fact("home.tolerated-doses")
    needed = round(fact.number)
    if route == "IV":
        return Permission(False, "EU: injections only, never an infusion", keys)
    asked = f"{fact.shown} tolerated in a row"
    if tolerated < needed:
        return Permission(False, f"EU: after {asked}, and there were {tolerated}", keys)
    if not known:
        why = f"EU: after {asked}, and reactions are not in the export"
        return Permission(None, why, keys, untold=True)
    return Permission(
        True,
        f"EU: an injection by a health professional after {asked} ({tolerated} so far), as the "
        f"physician decides, with {profile.fact('home.checklist').shown}",
        keys,
    )


def _swiss(route: Route, tolerated: int, known: bool, profile: Profile) -> Permission:
    del route, tolerated, known
    minutes = profile.fact("home.swiss-observation").shown
    return Permission(
        False,
        f"Switzerland: {profile.fact('home.swiss').shown}, and {minutes} of observation after "
        "infusion and injection alike",
        ("home.swiss", "home.swiss-observation"),
    )


def _us(route: Route, tolerated: int, known: bool, profile: Profile) -> Permission:
    del tolerated, known, profile
    if route == "IV":
        return Permission(False, "US: no text was read that allows an infusion at home", ())
    return Permission(None, "US: no statement was read", ())


def permission(
    jurisdiction: str, route: Route, tolerated: int, *, reactions_known: bool, profile: Profile
) -> Permission:
    """What the text of one jurisdiction says about a dose at home.

    Parameters
    ----------
    tolerated : int
        Days with a dose in a row without a reaction before it.

    Raises
    ------
    KeyError
        When the jurisdiction is not one of ``JURISDICTIONS``.
    """
    texts = {"eu": _eu, "ch": _swiss, "us": _us}
    return texts[jurisdiction](route, tolerated, reactions_known, profile)


class _Asked(Struct, frozen=True):
    """A dose at home that is judged: what is said of it, and what it is judged by."""

    told: str
    route: Route
    tolerated: int
    ref: Ref


def _asked(facts: HomeFacts) -> list[_Asked]:
    """The dose given at home, then the next: booked at home, or taken to be given there again."""
    asked = []
    if facts.latest is not None:
        d = facts.latest.dose
        told = f"The dose of {d.day} ({d.route}) was given at home."
        asked.append(_Asked(told, d.route, facts.latest.tolerated, d.ref))
    if facts.booked is not None:
        d = facts.booked.dose
        told = f"The dose of {d.day} ({d.route}) is booked at home."
        asked.append(_Asked(told, d.route, facts.tolerated, d.ref))
    elif facts.latest is not None:
        d = facts.latest.dose
        asked.append(_Asked("", d.route, facts.tolerated, d.ref))
    return asked


def _at_home(facts: HomeFacts, own: str, profile: Profile) -> Verdict:
    """The last dose was given at home, or the next is booked there."""
    t, asked = facts.therapy, _asked(facts)

    def said(jurisdiction: str, one: _Asked) -> Permission:
        return permission(
            jurisdiction,
            one.route,
            one.tolerated,
            reactions_known=facts.reactions_recorded,
            profile=profile,
        )

    answers = [said(own, one) for one in asked]
    told = joined(*(one.told for one in asked))
    refs = tuple(dict.fromkeys(one.ref for one in asked))
    keys = ("home.jurisdiction", *dict.fromkeys(k for p in answers for k in p.keys))
    refused = next((p for p in answers if p.may is False), None)
    if refused is not None:
        return Verdict(
            status=Status.DUE,
            message=joined(told, f"{refused.why}.", f"Give {next_dose_text(t)} in the clinic."),
            due=t.planned,
            evidence=refs,
            keys=keys,
        )
    following = answers[-1]
    if following.untold:
        return Verdict(
            status=Status.UNKNOWN,
            message=joined(told, f"{following.why}: whether they were tolerated is not known."),
            evidence=refs,
            keys=keys,
        )
    others = "; ".join(said(name, asked[-1]).why for name in JURISDICTIONS if name != own)
    return Verdict(
        status=Status.WATCH,
        message=joined(told, f"{following.why}.", f"Elsewhere: {others}."),
        evidence=refs,
        keys=(*keys, "home.swiss", "home.swiss-observation"),
    )


def _against_reaction(facts: HomeFacts) -> Verdict:
    """A dose at home after a reaction that forbids natalizumab anywhere."""
    t, forbids, first = facts.therapy, facts.forbids, facts.against[0]
    told = "" if forbids is None else f" after {forbids.reaction}"
    verb = "is booked" if first.day > t.as_of else "was given"
    return Verdict(
        status=Status.ACT,
        message=joined(
            f"A dose {verb} at home on {first.day}{told}, which forbids natalizumab anywhere.",
            "Give none at home or elsewhere before that reaction has been judged."
            if t.expects_dose
            else f"{off_text(t)} Review how it came to be given.",
        ),
        due=t.planned,
        evidence=(
            *(d.ref for d in facts.against[:1]),
            *(() if forbids is None else (forbids.ref,)),
        ),
        keys=("hypersensitivity.terms", "hypersensitivity.severe-grade"),
    )


def _in_clinic(facts: HomeFacts, own: Permission, day: date) -> Verdict:
    earlier = ""
    if facts.earlier:
        number = len(facts.earlier)
        doses = "dose was" if number == 1 else "doses were"
        last = facts.earlier[-1].day
        earlier = f"{number} earlier {doses} given at home, the last on {last}."
    return Verdict(
        status=Status.OK,
        message=joined(
            f"The last dose, on {day}, was given in a clinic.", earlier, f"Text on home, {own.why}."
        ),
        evidence=(*standing_refs(facts.therapy), *(d.ref for d in facts.earlier[-1:])),
        keys=("home.jurisdiction", *own.keys),
    )


def home(facts: HomeFacts, profile: Profile) -> Verdict:
    """Was a dose given at home that should not have been, and may the next one be?"""
    t = facts.therapy
    if facts.against:
        return _against_reaction(facts)
    last = t.last_dose
    if not t.expects_dose:
        if last is None:
            return NEVER_DOSED
        return Verdict(
            status=Status.OK,
            message=f"{off_text(t)} No dose at home or elsewhere is expected.",
            evidence=standing_refs(t),
        )
    own = str(profile.fact("home.jurisdiction").value).strip().casefold()
    if own not in JURISDICTIONS:
        return Verdict(
            status=Status.UNKNOWN,
            message=f"The jurisdiction {own!r} is not known here: write "
            f"{', '.join(JURISDICTIONS)} in the site file.",
            evidence=standing_refs(t),
            keys=("home.jurisdiction",),
        )
    if facts.latest is not None or facts.booked is not None:
        return _at_home(facts, own, profile)
    if last is None:
        return Verdict(
            status=Status.OK,
            message="No dose was given yet, and none is booked at home.",
            keys=("home.jurisdiction",),
        )
    if facts.place is not Place.CLINIC:
        why = (
            "Where the last dose was given is not recorded."
            if facts.place is Place.NOT_RECORDED
            else f'The last dose was given at "{facts.word}", which is not a word known here for '
            "a clinic or for home."
        )
        return Verdict(
            status=Status.UNKNOWN,
            message=why,
            evidence=standing_refs(t),
            keys=("home.terms", "home.clinic-terms"),
        )
    allowed = permission(
        own,
        last.route,
        facts.tolerated,
        reactions_known=facts.reactions_recorded,
        profile=profile,
    )
    return _in_clinic(facts, allowed, last.day)


HOME = Rule(
    id="administration.home",
    title="Dose at home",
    question="Was a dose given at home that should not have been, and may the next one be?",
    derive=home_facts,
    decide=home,
    sources=("eu-training-finland", "swiss-label"),
    silence=("reactions", "doses"),
)
