"""How often the rules speak about people to whom nothing happens.

    python -m benchmarks.false_alarms --people 1000 --seed 1 --out docs/reference/false-alarms.md

The people are those of ``tests.monitor.uneventful``; the forecast is a fixed, comfortable one in
which every level was used, so that the rules are counted and not the pharmacokinetic model.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from tests.build import findings
from tests.monitor.people.case import comfortable
from tests.monitor.uneventful import kind, people

from openntz.monitor.profile import PROFILES
from openntz.monitor.rules.catalogue import RULES

KINDS = ("alarm", "announced", "asked for", "unknown")
WHY = {
    "activity.neda": "unknown in the first months: there is no period to judge yet.",
    "antibody.no-lymphocyte-rise": "unknown until the count of week 12.",
    "antibody.test-due": "announced under `study`: a routine test every 12 weeks.",
    "consent.re-inform": "announced in the month before two years of treatment.",
    "interval.late-dose": "announced in the week before every dose.",
    "level.implausible": "unknown until a level is measured.",
    "lymphocytes.response": "unknown until the first count on treatment.",
    "observation.post-infusion": "asked for: the labels watch the first 12 infusions, the study "
    "proposal the first three; in between the profiles disagree, and that is shown.",
    "pml.jcv-due": "announced in the month before the next test.",
    "pml.mri-due": "announced in the month before the next scan.",
    "review.benefit": "announced in the month before 6 and 24 months of treatment.",
    "review.re-authorisation": "announced under `us` in the month before the next one.",
    "review.due": "announced in the month before the evaluations at 3 and 6 months.",
}


def count(number: int, seed: int) -> Counter[tuple[str, str, str]]:
    """Findings by rule, profile and kind."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for course in people(number, seed):
        predicted = comfortable(course)
        for profile in PROFILES:
            found = findings(course, profile=profile, predicted=predicted)
            counts.update((f.rule, profile, kind(f)) for f in found.values())
    return counts


def page(counts: Counter[tuple[str, str, str]], number: int, seed: int) -> str:
    """The counts as a page of the reference."""
    rows, quiet = [], []
    for rule in RULES:
        cells = [counts[rule.id, profile, name] for name in KINDS for profile in PROFILES]
        if any(cells):
            shown = " | ".join(
                " / ".join(str(counts[rule.id, profile, name]) for profile in PROFILES)
                for name in KINDS
            )
            rows.append(f"| `{rule.id}` | {shown} | {WHY.get(rule.id, '')} |")
        else:
            quiet.append(f"`{rule.id}`")
    alarms = {p: sum(counts[r.id, p, "alarm"] for r in RULES) for p in PROFILES}
    told = ", ".join(f"{alarms[p]} under `{p}`" for p in PROFILES)
    return f"""# False alarms

{number} simulated people to whom nothing happens (seed {seed}), each seen on one day between the
first and the sixtieth dose: infusions every four weeks with two days of noise, every check done
before it falls due, values scattered inside normal, lymphocytes and B cells risen, troughs of 15
to 50 µg/mL, antibodies negative, no reaction, no relapse, no new lesion; anti-JCV antibody absent
in 60 %, index below 0.9 in the others. The forecast is a fixed, comfortable one, not the real one,
so that rules are counted and not the model of the drug; `interval.candidate` therefore never
offers a longer interval here.

**Alarms** are findings of act, due or watch that ask for something nobody has to do: {told}, of
{number * len(RULES)} findings each. *Announced* is what falls due on a day still to come, at
most 30 days ahead. *Asked for* is observation after the early doses. *Unknown* is what no record
of that length can tell yet.

Counts are under {" / ".join(f"`{profile}`" for profile in PROFILES)}.

| rule | {" | ".join(KINDS)} | why |
|---|---|---|---|---|---|
{chr(10).join(rows)}

Quiet for everybody under every profile: {", ".join(quiet)}.

What "in time" means decides such a count. These people are seen within 30 days before 3, 6 and 24
months of treatment, as the evaluations ask. With visits every 75 days at any phase instead,
`review.benefit` was due in 4 of 100 people and `review.due` in 1, until the next visit: those are
tasks, done a little late, not errors of the rules.

Made by `python -m benchmarks.false_alarms --people {number} --seed {seed}`; a test counts a hundred
others and holds every rule to one alarm.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("docs/reference/false-alarms.md"))
    asked = parser.parse_args()
    counts = count(asked.people, asked.seed)
    asked.out.write_text(page(counts, asked.people, asked.seed), encoding="utf-8")
    for (rule, profile, name), number in sorted(counts.items()):
        if name == "alarm":
            print(rule, profile, number)


if __name__ == "__main__":
    main()
