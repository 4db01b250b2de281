"""Whether the probabilities of what is wrong with a level are true, on planted errors.

    python -m benchmarks.level_triage --people 4000 --seed 1

Virtual people with 3-6 levels, whose errors are planted as often as the facts say, go through
the whole forecast; every level called unusual, misfit or impossible counts. Prints the table
of docs/concepts/level-triage.md.
"""

from __future__ import annotations

import argparse
import time
from datetime import timedelta

import numpy as np
from tests.forecast.calibration import Score, reliability
from tests.forecast.planted_levels import planted_people

from openntz.evidence.registry import registry
from openntz.forecast import causes
from openntz.forecast.explain import does_not_fit
from openntz.forecast.person import ForecastModels, ForecastRequest, forecast_person
from openntz.forecast.settings import Settings
from openntz.models.card import load_card
from openntz.models.saturation import load_saturation


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--people", type=int, default=4000)
    arguments.add_argument("--seed", type=int, default=1)
    asked = arguments.parse_args()
    settings = Settings.from_registry(registry())
    models = ForecastModels(
        card=load_card("van_den_berg_2025"),
        saturation=(load_saturation("saturation_biib107"),),
        settings=settings,
    )
    score, planted, levels, began = Score(), 0, 0, time.perf_counter()
    unexplained = 0
    for who in planted_people(models.card, settings, asked.people, asked.seed):
        last = max(e.at for e in (*who.recorded.doses, *who.recorded.measurements))
        found = forecast_person(
            ForecastRequest(
                course=who.recorded,
                as_of=(last + timedelta(days=1)).date(),
                planned=None,
                antibodies=None,
                seed=asked.seed,
                readings=who.readings,
            ),
            models,
        )
        levels += len(who.truth)
        planted += sum(truth != causes.CHANCE for truth in who.truth)
        for verdict, truth in zip(found.levels, who.truth, strict=True):
            if does_not_fit(verdict):
                unexplained += not verdict.causes
                if verdict.causes:
                    score.add(verdict.causes, truth)
    print(f"{asked.people} people, {levels} levels, {planted} planted errors, seed {asked.seed}")
    print(f"{score.count} levels do not fit, {unexplained} of them without causes")
    print(f"{time.perf_counter() - began:.0f} s\n")
    print("| probability given | times given | mean given | was true | 99.9 % limits |")
    print("|---|---|---|---|---|")
    for row in reliability(score):
        print(
            f"| {row.low:g}-{row.high:g} | {row.count} | {row.expected / row.count:.3f} | "
            f"{row.hits / row.count:.3f} | {row.least / row.count:.3f}-{row.most / row.count:.3f} |"
        )
    print("\n| cause | mean probability | share in truth | named first, right |")
    print("|---|---|---|---|")
    for name, mean, share, first, right in score.by_cause():
        print(f"| {name} | {mean:.3f} | {share:.3f} | {right} of {first} |")
    print(f"\nlog score {score.log_score():.3f} nats, base rates {score.base_rates():.3f}")
    print(f"most probable cause is the true one: {score.first_right():.3f}")
    print(
        f"share of levels whose log score is the worst 1 %: {np.quantile(score.losses, 0.99):.2f}"
    )


if __name__ == "__main__":
    main()
