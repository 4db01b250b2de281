"""Whether the probabilities of what is wrong with a level are true, on planted errors.

    python -m benchmarks.level_triage --people 6000 --seed 1
    python -m benchmarks.level_triage --people 400 --seed 1 --whole

Virtual people with 3-6 levels, whose errors are planted as often as the facts say. The latest
level of each below 6 or above 45 ug/mL counts; with --whole every person goes through the
forecast, and the latest level that it calls unusual, misfit or impossible counts. Prints the
tables of docs/concepts/level-triage.md. --often 2 plants errors twice as often as the facts say.
"""

from __future__ import annotations

import argparse
import time
from datetime import timedelta

import numpy as np
from msgspec.structs import replace
from tests.forecast.calibration import Score, reliability
from tests.forecast.planted_levels import Planted, explained, planted_people

from openntz.evidence.registry import registry
from openntz.forecast import causes
from openntz.forecast.person import forecast_person
from openntz.forecast.request import ForecastModels, ForecastRequest
from openntz.forecast.result import LevelVerdict
from openntz.forecast.settings import Settings
from openntz.models.card import load_card
from openntz.models.saturation import load_saturation


def oftener(settings: Settings, times: float) -> Settings:
    c = settings.causes
    return replace(
        settings,
        causes=replace(
            c,
            peak_time_unknown=times * c.peak_time_unknown,
            peak_time_recorded=times * c.peak_time_recorded,
            swapped=times * c.swapped,
            unit=times * c.unit,
            dose=times * c.dose,
            changed=times * c.changed,
            weight_per_year=times * c.weight_per_year,
        ),
        onset=replace(
            settings.onset,
            persistent=times * settings.onset.persistent,
            transient=times * settings.onset.transient,
        ),
    )


def through_forecast(
    who: Planted, models: ForecastModels, seed: int
) -> tuple[LevelVerdict, str] | None:
    last = max(e.at for e in (*who.recorded.doses, *who.recorded.measurements))
    found = forecast_person(
        ForecastRequest(
            course=who.recorded,
            as_of=(last + timedelta(days=1)).date(),
            planned=None,
            antibodies=None,
            seed=seed,
            readings=who.readings,
        ),
        models,
    )
    pairs = [p for p in zip(found.levels, who.truth, strict=True) if p[0].causes]
    return pairs[-1] if pairs else None


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--people", type=int, default=6000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--often", type=float, default=1.0)
    arguments.add_argument("--whole", action="store_true")
    asked = arguments.parse_args()
    settings = Settings.from_registry(registry())
    models = ForecastModels(
        card=load_card("van_den_berg_2025"),
        saturation=(load_saturation("saturation_biib107"),),
        settings=settings,
    )
    score, planted, levels, began = Score(), 0, 0, time.perf_counter()
    planting = oftener(settings, asked.often)
    people = planted_people(models.card, planting, asked.people, asked.seed)
    for j, who in enumerate(people):
        levels += len(who.truth)
        planted += sum(truth != causes.CHANCE for truth in who.truth)
        if asked.whole:
            found = through_forecast(who, models, asked.seed)
        else:
            generator = np.random.default_rng([asked.seed, j])
            found = explained(who, models.card, settings, generator)
        if found is not None:
            score.add(found[0].causes, found[1])
    spent = time.perf_counter() - began
    print(f"{asked.people} people, {levels} levels, {planted} with a cause, seed {asked.seed}")
    print(f"{score.count} levels explained, {spent:.0f} s\n")
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
