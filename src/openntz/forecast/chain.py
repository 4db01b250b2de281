"""Markov chains for posteriors that importance sampling cannot follow.

Several independent ensembles of walkers, each moved by differences between its own members
(ter Braak's differential evolution; Goodman and Weare's stretch), so that long, narrow and
bent posteriors need no tuning; and, where a proposal is at hand, leaps to its draws
(Metropolis and Hastings), which find separate modes and far tails. All walkers of a round are
solved together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Array = NDArray[np.float64]

ENSEMBLES: Final = 4
_WALKERS: Final = 32
_WARM_UP: Final = 100
_LEAST: Final = 200
_MOST: Final = 1600
# Ensembles that agree: Gelman and Rubin's statistic of their means, and draws worth this many.
_R_HAT: Final = 1.02
_WORTH: Final = 400.0
_STRETCH: Final = 2.0
# The differences' best length for a normal density in p dimensions is this over sqrt(2 p).
_DIFFERENCE: Final = 2.38
# Walkers start apart by this share of the spread of their start, which is at least so much.
_SCATTER: Final = 0.1
_LEAST_SPREAD: Final = 1e-3
_TINY: Final = 1e-300
_JITTER: Final = 1e-5
_STRETCH_SHARE: Final = 0.5
# Now and then a full difference, which leaps between separate modes.
_LEAP_SHARE: Final = 0.1
# Every third round leaps to draws of the proposal.
_LEAPS_EVERY: Final = 3
# Draws returned may be worth this share of their number.
_WORTH_SHARE: Final = 0.1


class Leaps(Protocol):
    """A distribution to propose from, wherever a walker stands."""

    def draw(self, count: int, generator: np.random.Generator) -> Array:
        """Places (count, p)."""
        ...

    def log_density(self, theta: Array) -> Array:
        """Log density (k,) of places (k, p)."""
        ...


class Chain(Struct, frozen=True):
    """Draws (n, p); the worst R-hat over the unknowns, and the least effective number.

    ``converged`` says whether the ensembles agree, and the draws are worth enough.
    """

    theta: Array
    r_hat: float
    effective: float
    converged: bool


def _diagnose(kept: Array) -> tuple[float, float]:
    """R-hat and effective number over rounds kept (t, ensembles, walkers, p), worst unknown."""
    t = len(kept)
    halves = kept[: t // 2 * 2].reshape(2, t // 2, *kept.shape[1:])
    means = halves.mean(axis=1).mean(axis=2).reshape(-1, kept.shape[-1])
    # Walkers of an ensemble stay spread over the posterior: their pooled variance is its own.
    within = kept.var(axis=(0, 2)).mean(axis=0)
    between = means.var(axis=0, ddof=1)
    r_hat = float(np.sqrt(1.0 + between / np.maximum(within, _TINY)).max())
    # A mean of as many draws as the half of an ensemble is worth has this variance.
    worth = within / np.maximum(between, _TINY) * len(means)
    return r_hat, float(min(worth.min(), kept[..., 0].size))


def _propose(walkers: Array, generator: np.random.Generator) -> tuple[Array, Array]:
    """Moves (ensembles, walkers, p) of one half by the other, and their log corrections."""
    movers, others = walkers
    ensembles, count, p = movers.shape
    pick = generator.integers(0, count, (2, ensembles, count))
    # Two different members: the second is shifted where they coincide.
    pick[1] = np.where(pick[0] == pick[1], (pick[1] + 1) % count, pick[1])
    rows = np.arange(ensembles)[:, None]
    first, second = others[rows, pick[0]], others[rows, pick[1]]
    leap = generator.random((ensembles, count)) < _LEAP_SHARE
    length = np.where(leap, 1.0, _DIFFERENCE / np.sqrt(2.0 * p))[..., None]
    shifted = movers + length * (first - second)
    shifted = (
        shifted + _JITTER * generator.standard_normal(movers.shape) * others.std(axis=1)[:, None]
    )
    draw = generator.random((ensembles, count))
    z = ((_STRETCH - 1.0) * draw + 1.0) ** 2 / _STRETCH
    stretched = first + z[..., None] * (movers - first)
    stretches = generator.random((ensembles, count)) < _STRETCH_SHARE
    moved = np.where(stretches[..., None], stretched, shifted)
    return moved, np.where(stretches, (p - 1) * np.log(z), 0.0)


def _leapt(movers: Array, leaps: Leaps, generator: np.random.Generator) -> tuple[Array, Array]:
    """Moves to draws of a proposal, and the logarithms that correct for its density."""
    here = movers.reshape(-1, movers.shape[-1])
    there = leaps.draw(len(here), generator)
    correction = leaps.log_density(here) - leaps.log_density(there)
    return there.reshape(movers.shape), correction.reshape(movers.shape[:2])


def run_chains(
    log_target: Callable[[Array], Array],
    start: Array,
    n: int,
    generator: np.random.Generator,
    *,
    spread: Array,
    leaps: Leaps | None = None,
) -> Chain:
    """Draw n times from a density known up to a factor.

    Parameters
    ----------
    log_target : callable
        Log density (k,) of points (k, p); -inf where there is none.
    start : array (.., p)
        Points near the bulk of the posterior.
    spread : array (p,)
        Scale of the unknowns; walkers that start together are moved apart by a share of it.
    leaps : Leaps, optional
        A distribution like the posterior, with tails at least as heavy.
    """
    p = start.shape[1]
    half = max(_WALKERS // 2, p + 2)
    shape = (2, ENSEMBLES, half, p)
    chosen = generator.integers(0, len(start), 2 * ENSEMBLES * half)
    scatter = np.maximum(start.std(axis=0), _LEAST_SPREAD * spread)
    at = start[chosen] + _SCATTER * scatter * generator.standard_normal((len(chosen), p))
    height = log_target(at)
    # A walker that starts where there is no density could only wait to be moved.
    lost = ~np.isfinite(height)
    if lost.any() and not lost.all():
        good = np.flatnonzero(~lost)[np.arange(lost.sum()) % (~lost).sum()]
        at[lost], height[lost] = at[good], height[good]
    walkers, height = at.reshape(shape), height.reshape(shape[:-1])
    kept: list[Array] = []
    r_hat, effective = np.inf, 0.0
    worth = max(_WORTH, _WORTH_SHARE * n)
    for i in range(_WARM_UP + _MOST):
        for mover in (0, 1):
            if leaps is not None and i % _LEAPS_EVERY == 0:
                moved, correction = _leapt(walkers[mover], leaps, generator)
            else:
                pair = np.stack([walkers[mover], walkers[1 - mover]])
                moved, correction = _propose(pair, generator)
            there = log_target(moved.reshape(-1, p)).reshape(moved.shape[:2])
            gain = correction + there - height[mover]
            accept = np.log(generator.random(gain.shape)) < gain
            walkers[mover] = np.where(accept[..., None], moved, walkers[mover])
            height[mover] = np.where(accept, there, height[mover])
        if i < _WARM_UP:
            continue
        kept.append(walkers.swapaxes(0, 1).reshape(ENSEMBLES, -1, p).copy())
        if len(kept) >= _LEAST and len(kept) % _LEAST == 0:
            r_hat, effective = _diagnose(np.stack(kept))
            if r_hat <= _R_HAT and effective >= worth:
                break
    every = np.stack(kept).reshape(-1, p)
    chosen = generator.choice(len(every), n, replace=n > len(every))
    return Chain(every[chosen], r_hat, effective, r_hat <= _R_HAT and effective >= worth)
