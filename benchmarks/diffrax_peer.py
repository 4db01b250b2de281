"""Problem 1 solved by diffrax, run beside ours: the same people, doses, times and tolerance.

    python benchmarks/diffrax_peer.py --people 1000 --variant B --schedule common --json

Needs jax and diffrax, which OpenNTZ does not depend on: run it with a Python that has them
(``pip install jax diffrax numpy``). Tsit5 with a PID controller, vmapped over people, started
anew at every dose start, dose end and trough, as the infusions demand. Compilation is not timed.
Prints the same last line as ``simulation.py``, the error being against the values that
``simulation.py --dump`` wrote, when ``--reference`` names them.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

import problem_one_people as problem

jax.config.update("jax_enable_x64", True)


def _change(t, y, args):
    cl, vc, vmax, stop, rate = args
    a1, a2, cells, activity, _ = y
    # Which window the time lies in says whether an infusion runs.
    now = rate[jnp.clip(jnp.searchsorted(stop, t, side="right") - 1, 0, len(rate) - 1)]
    c = a1 / vc
    across = problem.Q * (c - a2 / problem.VP)
    powered = jnp.maximum(c, 0.0) ** problem.STEEPNESS
    s = powered / (problem.EC50**problem.STEEPNESS + powered)
    return (
        now - cl * c - vmax * c / (problem.KM + c) - across,
        across,
        problem.KOUT * problem.BASELINE * (1.0 + problem.SMAX * s) - problem.KOUT * cells,
        problem.KR * ((1.0 - s) - activity),
        problem.H0 * activity,
    )


def _solver():
    """One solve per person, told where the right-hand side jumps; outputs at the troughs."""
    term = diffrax.ODETerm(_change)

    def one(cl, vc, vmax, stop, rate, times):
        y0 = (0.0, 0.0, problem.BASELINE, 1.0, 0.0)
        y0 = tuple(jnp.asarray(v, jnp.float64) for v in y0)
        control = diffrax.ClipStepSizeController(
            diffrax.PIDController(rtol=1e-6, atol=1e-8), jump_ts=stop[1:-1]
        )
        found = diffrax.diffeqsolve(
            term, diffrax.Tsit5(), stop[0], stop[-1], 0.01, y0, (cl, vc, vmax, stop, rate),
            saveat=diffrax.SaveAt(ts=times), stepsize_controller=control, max_steps=100_000,
            adjoint=diffrax.ForwardMode(), throw=False,
        )  # fmt: skip
        return found.ys[0] / vc, found.ys[2], found.ys[4]

    return jax.jit(jax.vmap(one))


def _restarting():
    """The same, started anew in every window between two stops, as variables of a scan."""
    term = diffrax.ODETerm(
        lambda t, y, args: _change(t, y, (*args[:3], jnp.zeros(1), args[3][None]))
    )
    control = diffrax.PIDController(rtol=1e-6, atol=1e-8)

    def one(cl, vc, vmax, stop, rate, times):
        y0 = (0.0, 0.0, problem.BASELINE, 1.0, 0.0)
        y0 = tuple(jnp.asarray(v, jnp.float64) for v in y0)

        def piece(y, window):
            begin, end, now = window
            found = diffrax.diffeqsolve(
                term, diffrax.Tsit5(), begin, end, None, y, (cl, vc, vmax, now),
                saveat=diffrax.SaveAt(t1=True), stepsize_controller=control,
                max_steps=100_000, adjoint=diffrax.ForwardMode(), throw=False,
            )  # fmt: skip
            after = jax.tree.map(lambda leaf: leaf[0], found.ys)
            return after, (after[0] / vc, after[2], after[4])

        found = jax.lax.scan(piece, y0, (stop[:-1], stop[1:], rate))[1]
        at = jnp.searchsorted(stop[1:], times)
        return tuple(column[at] for column in found)

    return jax.jit(jax.vmap(one))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variant", choices=["B"], default="B")
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--schedule", choices=["common", "mixed", "washout"], default="common")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--reference", help="values of simulation.py --dump")
    parser.add_argument("--how", choices=["jumps", "restarts"], default="jumps")
    parser.add_argument("--json", action="store_true")
    choice = parser.parse_args()
    people = problem.individuals(choice.people)
    starts = problem.dose_starts(choice.people, choice.schedule)
    times = problem.output_times(starts, "B", choice.schedule)
    n = choice.people
    starts = np.broadcast_to(starts, (n, starts.shape[1]))
    times = np.broadcast_to(times, (n, times.shape[1]))
    ends = starts + problem.INFUSION_DAY
    # Troughs coincide with the next dose's start, but for the last.
    extra = times[:, starts.shape[1] - 1 :]
    stop = np.sort(np.concatenate([starts, ends, extra], axis=1), axis=1)
    rate = np.array(
        [
            ((s[None] <= a[:-1, None]) & (a[:-1, None] < e[None])).sum(1)
            * problem.DOSE_MG
            / problem.INFUSION_DAY
            for s, e, a in zip(starts, ends, stop, strict=True)
        ]
    )
    solve = _solver() if choice.how == "jumps" else _restarting()
    inputs = (people["cl"], people["vc"], people["vmax"], stop, rate, times)
    jax.block_until_ready(solve(*inputs))
    seconds = []
    for _ in range(choice.repeats):
        began = time.perf_counter()
        found = jax.block_until_ready(solve(*inputs))
        seconds.append(time.perf_counter() - began)
    values = np.stack([np.asarray(f) for f in found], axis=-1)
    worst = None
    if choice.reference:
        worst = problem.relative_error(
            values.reshape(-1, 3), np.load(choice.reference).reshape(-1, 3)
        )
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    line = {"seconds": statistics.median(seconds), "worst_relative_error": worst}
    print(json.dumps(line | {"peak_mb": peak_mb}))


if __name__ == "__main__":
    main()
