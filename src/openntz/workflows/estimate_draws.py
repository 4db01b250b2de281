"""Posterior draws of every person of `openntz estimate`, summed up per random effect."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz import __version__
from openntz.errors import InputError, OpenNTZError
from openntz.evidence.registry import registry
from openntz.forecast.cohort import Cohort
from openntz.forecast.map_estimate import curvature, find_modes
from openntz.forecast.posterior import Posterior, sample_cohort, sample_prior
from openntz.models.card import Card
from openntz.records.write import write_csv, write_text_atomic
from openntz.workflows.estimate_person import places
from openntz.workflows.estimates import SET_ASIDE, USABLE, Estimates, PersonEstimate
from openntz.workflows.nonmem_subject import prepare
from openntz.workflows.progress import Progress

Array = NDArray[np.float64]
DrawsStatus = Literal["ok", "prior only", "not converged", "failed", "not computed"]

POSTERIOR: Final = (
    *("ID", "occasion", "parameter", "mean", "sd", "p05", "median", "p95"),
    *("method", "pareto_k", "effective", "r_hat", "status", "reason", "block"),
)
FILES: Final = ("posterior.csv", "posterior.json")
_PERCENTILES: Final = (5.0, 50.0, 95.0)


class PersonDraws(Struct, frozen=True, eq=False):
    """One person's draws (n, r) of the random effects ``places``, in the units of the card.

    ``status`` is not 'ok' for a ``reason``; without draws, ``theta`` has no rows.
    """

    person: PersonEstimate
    places: tuple[tuple[int | None, str], ...]
    theta: Array
    posterior: Posterior | None
    status: DrawsStatus
    reason: str

    @property
    def usable(self) -> bool:
        """Whether the draws are the posterior, or openly the prior."""
        return self.status in USABLE


def run_draws(
    found: Estimates, out: Path, *, draws: int, seed: int, threads: int, progress: Progress
) -> tuple[PersonDraws, ...]:
    """Draw for everybody, and write posterior.csv and posterior.json.

    Raises
    ------
    InputError
        When the folder cannot be written to.
    """
    people = progress.track(found.people, len(found.people), "posteriors")
    drawn = tuple(draw_person(found.card, p, draws, seed, threads=threads) for p in people)
    try:
        write_csv(out / "posterior.csv", POSTERIOR, _rows(found, drawn))
        write_text_atomic(out / "posterior.json", _run(found, drawn, draws, seed))
    except OSError as error:
        raise InputError(
            f"{error.filename or out} cannot be written ({error.strerror}).",
            where="--out",
            remedy="Check the free space and the rights of the folder, and run again.",
        ) from None
    return drawn


def draw_person(
    card: Card, person: PersonEstimate, draws: int, seed: int, *, threads: int = 1
) -> PersonDraws:
    """Draws from one person's posterior, or from the prior where there is no level.

    The random numbers depend on the seed and on the person's ID and block alone: leaving
    somebody else out changes nobody's draws.
    """
    if person.status in ("failed", "not computed"):
        own = tuple((eta.occasion, eta.parameter) for eta in person.etas) or places(card, ())
        return _none(person, own, person.status, person.reason)
    prepared = prepare(person.rows, card)
    own = places(card, prepared.occasions)
    key = [seed % 2**64, person.rows.block, *person.rows.id.encode()]
    generator = np.random.default_rng(key)
    readings = prepared.subject.observations.count
    try:
        cohort = Cohort(card, [prepared.subject])
        if readings:
            mode = find_modes(cohort, threads=threads).theta[0]
            posterior = sample_cohort(
                *(cohort, readings, mode, curvature(cohort, mode), draws, generator),
                pareto_k_limit=_pareto_k_limit(),
                threads=threads,
            )
        else:
            posterior = sample_prior(cohort, 0, draws, generator, threads=threads)
    except (OpenNTZError, np.linalg.LinAlgError) as error:
        return _none(person, own, "failed", str(error))
    scale = _scale(card, len(prepared.occasions))
    theta = posterior.theta[:, : len(own)] * scale[: len(own)]
    return PersonDraws(person, own, theta, posterior, *_verdict(person, posterior))


def _pareto_k_limit() -> float:
    return registry().fact("forecast.pareto-k-limit").number


def _none(
    person: PersonEstimate,
    own: tuple[tuple[int | None, str], ...],
    status: Literal["failed", "not computed"],
    reason: str,
) -> PersonDraws:
    return PersonDraws(person, own, np.empty((0, len(own))), None, status, reason)


def _scale(card: Card, occasions: int) -> Array:
    """Published effect = internal one x this: etas, then the kappas of each occasion."""
    return np.concatenate([card.eta_scale, np.tile(card.kappa_scale, occasions)])


def _verdict(person: PersonEstimate, posterior: Posterior) -> tuple[DrawsStatus, str]:
    if posterior.method == "prior":
        return "prior only", person.reason
    limit = registry().fact("forecast.r-hat-limit").number
    if posterior.r_hat is not None and posterior.r_hat > limit:
        return "not converged", (
            f"The Markov chains do not agree (R-hat {posterior.r_hat:.2f}, limit {limit:g}). "
            "Ask for more draws, or check the levels for contradictions."
        )
    return "ok", ""


def _number(value: float | None) -> str:
    return repr(float(value)) if value is not None and np.isfinite(value) else ""


def _rows(found: Estimates, drawn: Sequence[PersonDraws]) -> Iterator[Sequence[object]]:
    """One row per person and effect, those set aside last."""
    for one in drawn:
        rows, posterior = one.person.rows, one.posterior
        if posterior is None:
            fit = ("", "", "", "")
        else:
            quality = (posterior.pareto_k, posterior.effective_draws, posterior.r_hat)
            fit = (posterior.method, *(_number(value) for value in quality))
        for k, (occasion, name) in enumerate(one.places):
            yield (
                *(rows.id, "" if occasion is None else occasion, name),
                *_summary(one.theta[:, k]),
                *(*fit, one.status, one.reason, rows.block),
            )
    for person in found.data.set_aside:
        reason = person.problems[0].reason
        for _, name in places(found.card, ()):
            yield person.id, "", name, *("",) * 9, SET_ASIDE, reason, person.block


def _summary(theta: Array) -> tuple[str, ...]:
    """Mean, SD and percentiles; empty without draws."""
    if not len(theta):
        return ("",) * 5
    low, middle, high = np.percentile(theta, _PERCENTILES)
    return tuple(_number(x) for x in (theta.mean(), theta.std(ddof=1), low, middle, high))


def _run(found: Estimates, drawn: Sequence[PersonDraws], draws: int, seed: int) -> str:
    """What the draws came from, so that they can be had again."""
    methods = [one.posterior.method for one in drawn if one.posterior is not None]
    content = {
        "openntz": __version__,
        "card": found.card.id,
        "card_sha256": found.card.hash,
        "data": found.data.path.name,
        "draws": draws,
        "seed": seed,
        "methods": {name: methods.count(name) for name in sorted(set(methods))},
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
