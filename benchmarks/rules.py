"""How long the rules take: every rule for one person, with the facts ready and with deriving them.

    python benchmarks/rules.py --people 500 --profile eu --json

The people are those of examples/clinic as they stood at two half-year ends, each with the forecast
of that day, taken again and again until there are ``--people`` of them; every one is a record of
its own, so that what is kept for one person does not help the next. Processor time of one
process, the least of the rounds; ``loop_seconds`` says how fast the machine was.

Last line: microseconds a person for ``decide`` alone, for ``derive``, for the engine with the
comparison of profiles (``evaluate``), and the ten rules slowest to decide and to derive.
``seconds_of_100000`` is decide alone for 100,000 people.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import cycle, islice
from pathlib import Path

from msgspec.structs import replace

from openntz.course.course import EVENT_TABLES
from openntz.evidence.registry import registry
from openntz.monitor.engine import evaluate
from openntz.monitor.profile import PROFILES
from openntz.monitor.rule import Situation
from openntz.monitor.rules.catalogue import RULES
from openntz.workflows.person import Practice, situation_of
from openntz.workflows.read import read_tables
from yardstick import loop_seconds

CLINIC = Path(__file__).parents[1] / "examples" / "clinic"
DAYS = (date(2023, 12, 31), date(2024, 6, 30))
SLOWEST = 10
BLOCK = 50
_IDS = tuple(rule.id for rule in RULES)
SEED = 20261122


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of processor time for all people: each rule's two steps, and the engine."""

    derive: dict[str, float]
    decide: dict[str, float]
    evaluate: float


def _anew(situation: Situation) -> Situation:
    """The same person with a record of its own, about which nothing has been worked out yet."""
    course = situation.course
    events = {
        name: tuple(replace(event) for event in getattr(course, name)) for name in EVENT_TABLES
    }
    return replace(situation, course=replace(course, **events))


def situations(people: int, practice: Practice) -> tuple[Situation, ...]:
    """So many people of the example clinic, each at one of the days."""
    records = read_tables(CLINIC, DAYS[-1], None, practice.registry)
    known = [
        situation_of(course.until(day), day, practice)
        for day in DAYS
        for course in records.courses.values()
    ]
    return tuple(replace(s, profiles=practice.others) for s in islice(cycle(known), people))


def measure(people: Sequence[Situation], practice: Practice) -> Cost:
    """Both steps of every rule under one profile, then the engine, over all people once."""
    derive, decide = dict.fromkeys(_IDS, 0.0), dict.fromkeys(_IDS, 0.0)
    profile, engine = practice.profile, 0.0
    for start in range(0, len(people), BLOCK):
        block = [_anew(s) for s in people[start : start + BLOCK]]
        ready: dict[str, list[object]] = {name: [] for name in _IDS}
        # A person's facts are derived together, as the engine does.
        for situation in block:
            for rule in RULES:
                began = time.process_time()
                facts = rule.derive(situation, profile)
                derive[rule.id] += time.process_time() - began
                ready[rule.id].append(facts)
        for rule in RULES:
            began = time.process_time()
            for facts in ready[rule.id]:
                rule.decide(facts, profile)
            decide[rule.id] += time.process_time() - began
        block = [_anew(s) for s in block]
        began = time.process_time()
        for situation in block:
            evaluate(situation, profile, practice.others)
        engine += time.process_time() - began
    return Cost(derive, decide, engine)


def _slowest(seconds: dict[str, float], people: int) -> dict[str, float]:
    first = sorted(seconds, key=seconds.__getitem__, reverse=True)[:SLOWEST]
    return {rule: round(1e6 * seconds[rule] / people, 1) for rule in first}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--profile", choices=PROFILES, default="eu")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="only the last line")
    choice = parser.parse_args()
    practice = Practice.create(registry=registry(), profile=choice.profile, seed=SEED)
    people = situations(choice.people, practice)
    measure(people[:50], practice)  # what is read once and kept
    # What else runs on the machine can only add to the time, so the least counts.
    loop = loop_seconds()
    runs = [measure(people, practice) for _ in range(choice.rounds)]
    cost, n = min(runs, key=lambda run: sum(run.decide.values())), len(people)
    decide, derive = sum(cost.decide.values()), sum(cost.derive.values())
    slow_to_decide, slow_to_derive = _slowest(cost.decide, n), _slowest(cost.derive, n)
    if not choice.json:
        print(f"{len(RULES)} rules, {n} people, profile {choice.profile}: us a person")
        for name, rows in (("decide", slow_to_decide), ("derive", slow_to_derive)):
            for rule, us in rows.items():
                print(f"  {name} {rule:32}{us:9.1f}")
    line = {
        "rules": len(RULES),
        "people": n,
        "decide_us": 1e6 * decide / n,
        "derive_us": 1e6 * derive / n,
        "evaluate_us": 1e6 * min(run.evaluate for run in runs) / n,
        "seconds_of_100000": 1e5 * decide / n,
        "loop_seconds": loop,
        "slowest_decide_us": slow_to_decide,
        "slowest_derive_us": slow_to_derive,
    }
    print(json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
