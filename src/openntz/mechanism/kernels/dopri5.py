"""Dormand-Prince 5(4) over several lanes at once, each lane with its own time and step.

A lane is one person, or one parameter draw of a person. Every lane takes steps of its own
length to its own next stop, so people with different schedules run side by side without
sharing stops, and the compiler turns the loops over lanes into SIMD instructions. A lane that
has finished takes the next person of its block. What a lane computes does not depend on its
neighbours, to the last bit.

The functions here are templates: the names declared below are bound per model by
``solver.compile_system``. All lanes live in one work array with offsets known at compile time;
with several arrays the compiler could not rule out that they overlap, and would not vectorise.

Tableau, error estimate and dense output: Hairer, Norsett and Wanner, Solving Ordinary
Differential Equations I, DOPRI5.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openntz.mechanism.kernels.arithmetic import inverse_tenth_root, reciprocal
from openntz.mechanism.kernels.layout import LANES
from openntz.mechanism.kernels.problem import (
    BOLUS,
    OK,
    RATE_OFF,
    RATE_ON,
    STEP_UNDERFLOW,
    TOO_MANY_STEPS,
    Lanes,
    Problem,
)

# Bound per model: dimensions, and offsets of the row groups in the work array. STATES counts the
# model's own states (OWN_STATES) and their derivatives in each of TANGENTS directions.
STATES = PARAMETERS = ROWS = OWN_STATES = TANGENTS = 0
# Columns written out: state x parameter (or 1 for -1), twice, summed; a state of -1 adds nothing.
OBSERVED: tuple[tuple[int, int, int, int], ...] = ()
Y = Y_NEW = Y_STAGE = K1 = K2 = K3 = K4 = K5 = K6 = K7 = PARAMETER = RATE = 0
TIME = STEP = PROPOSED = STOP = ERROR = NEXT_OUTPUT = AHEAD = DUE = TAKEN = CARE = 0


def derive(w: NDArray[np.float64], y: int, p: int, rate: int, k: int) -> None:
    """Write the rates of change of one lane; bound per model, see ``solver.System``."""


def derive_tangent(w: NDArray[np.float64], y: int, p: int, rate: int, k: int, j: int) -> None:
    """Write the rates of change of one lane's derivatives in direction ``j``; bound per model."""


def derive_block(w: NDArray[np.float64], y: int, k: int, lane: int, block: int) -> None:
    """Rates of change of one lane: of the model's own states, block 0, or in one direction."""
    if block == 0:
        derive(w, y, PARAMETER + lane, RATE + lane, k)
    elif TANGENTS > 0:
        derive_tangent(w, y, PARAMETER + lane, RATE + lane, k, block - 1)


def derive_lane(w: NDArray[np.float64], y: int, k: int, lane: int) -> None:
    """Rates of change of one lane, and of its derivatives."""
    for block in range(1 + TANGENTS):
        derive_block(w, y + lane, k + lane, lane, block)


A21 = 1.0 / 5.0
A31, A32 = 3.0 / 40.0, 9.0 / 40.0
A41, A42, A43 = 44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0
A51, A52, A53, A54 = 19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0
A61, A62, A63 = 9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0
A64, A65 = 49.0 / 176.0, -5103.0 / 18656.0
B1, B3, B4, B5, B6 = 35.0 / 384.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0
E1, E3, E4 = 71.0 / 57600.0, -71.0 / 16695.0, 71.0 / 1920.0
E5, E6, E7 = -17253.0 / 339200.0, 22.0 / 525.0, -1.0 / 40.0
D1, D3 = -12715105075.0 / 11282082432.0, 87487479700.0 / 32700410799.0
D4, D5 = -10690763975.0 / 1880347072.0, 701980252875.0 / 199316789632.0
D6, D7 = -1453857185.0 / 822651844.0, 69997945.0 / 29380423.0

SAFETY = 0.9
GROW_MOST, SHRINK_MOST = 10.0, 0.2
# After an event no state may change by more than this share of itself in the first step, which
# is still no shorter than that share of the way to the stop. When an infusion starts, saturable
# elimination rises from nothing to its maximum within seconds; a first step across that kink is
# wrong by far more than the error estimate can see. The share is that of the tolerance beside it
# or a tighter one, and grows with a looser as steps do.
START_SHARE, START_LEAST, START_RTOL = 0.3, 1e-4, 1e-6
ERROR_LEAST, ERROR_MOST = 1e-12, 1e12
# The first step tried, in the model's unit of time; a rejected one is shortened.
FIRST_STEP = 0.05
# Steps shorter than this share of the time itself cannot be told from rounding.
LEAST_RELATIVE_STEP = 1e-14


def take_stages(w: NDArray[np.float64], lanes: int) -> None:
    """One trial step of every lane, not beyond its stop: fills STEP, Y_NEW and K2-K7.

    Each stage goes through blocks, the model's own states and then one per direction, with one
    loop over lanes in each: what follows from states is computed while they are in registers.
    """
    for lane in range(lanes):
        left = w[STOP + lane] - w[TIME + lane]
        h = w[PROPOSED + lane]
        # Two equal steps to the stop rather than a long one and a stub.
        even = 0.5 * left
        h = even if (h > even) & (h < left) else h
        # The step as the clock takes it: near an event, rounding of the time would cost amount.
        h = (w[TIME + lane] + h) - w[TIME + lane]
        w[STEP + lane] = left if h >= left else h
    for block in range(1 + TANGENTS):
        for lane in range(lanes):
            for i in range(OWN_STATES):
                o = (block * OWN_STATES + i) * LANES + lane
                slope = A21 * w[K1 + o]
                w[Y_STAGE + o] = w[Y + o] + w[STEP + lane] * slope
            derive_block(w, Y_STAGE + lane, K2 + lane, lane, block)
    for block in range(1 + TANGENTS):
        for lane in range(lanes):
            for i in range(OWN_STATES):
                o = (block * OWN_STATES + i) * LANES + lane
                slope = A31 * w[K1 + o] + A32 * w[K2 + o]
                w[Y_STAGE + o] = w[Y + o] + w[STEP + lane] * slope
            derive_block(w, Y_STAGE + lane, K3 + lane, lane, block)
    for block in range(1 + TANGENTS):
        for lane in range(lanes):
            for i in range(OWN_STATES):
                o = (block * OWN_STATES + i) * LANES + lane
                slope = A41 * w[K1 + o] + A42 * w[K2 + o] + A43 * w[K3 + o]
                w[Y_STAGE + o] = w[Y + o] + w[STEP + lane] * slope
            derive_block(w, Y_STAGE + lane, K4 + lane, lane, block)
    for block in range(1 + TANGENTS):
        for lane in range(lanes):
            for i in range(OWN_STATES):
                o = (block * OWN_STATES + i) * LANES + lane
                slope = A51 * w[K1 + o] + A52 * w[K2 + o] + A53 * w[K3 + o] + A54 * w[K4 + o]
                w[Y_STAGE + o] = w[Y + o] + w[STEP + lane] * slope
            derive_block(w, Y_STAGE + lane, K5 + lane, lane, block)
    for block in range(1 + TANGENTS):
        for lane in range(lanes):
            for i in range(OWN_STATES):
                o = (block * OWN_STATES + i) * LANES + lane
                slope = A61 * w[K1 + o] + A62 * w[K2 + o] + A63 * w[K3 + o]
                slope += A64 * w[K4 + o] + A65 * w[K5 + o]
                w[Y_STAGE + o] = w[Y + o] + w[STEP + lane] * slope
            derive_block(w, Y_STAGE + lane, K6 + lane, lane, block)
    for block in range(1 + TANGENTS):
        for lane in range(lanes):
            for i in range(OWN_STATES):
                o = (block * OWN_STATES + i) * LANES + lane
                slope = B1 * w[K1 + o] + B3 * w[K3 + o] + B4 * w[K4 + o]
                slope += B5 * w[K5 + o] + B6 * w[K6 + o]
                w[Y_NEW + o] = w[Y + o] + w[STEP + lane] * slope
            derive_block(w, Y_NEW + lane, K7 + lane, lane, block)


def squared_error(w: NDArray[np.float64], o: int, h: float, rtol: float, atol: float) -> float:
    """Square of the error of a state (offset ``o``) over a step, in units of the tolerance."""
    before, after = abs(w[Y + o]), abs(w[Y_NEW + o])
    size = before if before > after else after
    wrong = E1 * w[K1 + o] + E3 * w[K3 + o] + E4 * w[K4 + o]
    wrong += E5 * w[K5 + o] + E6 * w[K6 + o] + E7 * w[K7 + o]
    wrong *= h * reciprocal(atol + rtol * size)
    return wrong * wrong


def judge(w: NDArray[np.float64], lanes: int, rtol: float, atol: float) -> None:
    """Error of each trial step, where it would end, and whether an output is due on the way.

    ERROR is the mean square over the states in units of the tolerance: a step is good if <= 1
    (Hairer, Norsett and Wanner, II.4). A value that is not a number is never good.
    """
    for block in range(1 + TANGENTS):
        for lane in range(lanes):
            total = 0.0
            for i in range(OWN_STATES):
                o = (block * OWN_STATES + i) * LANES + lane
                total += squared_error(w, o, w[STEP + lane], rtol, atol)
            w[ERROR + lane] = total * (1.0 / STATES) + (w[ERROR + lane] if block > 0 else 0.0)
    for lane in range(lanes):
        worst = w[ERROR + lane]
        h, time, stop = w[STEP + lane], w[TIME + lane], w[STOP + lane]
        ahead = stop if h == stop - time else time + h
        w[AHEAD + lane] = ahead
        w[DUE + lane] = 1.0 if (w[NEXT_OUTPUT + lane] <= ahead) & (worst <= 1.0) else 0.0


def accept(w: NDArray[np.float64], lanes: int, most_steps: float) -> None:
    """Move every lane whose step was good, propose the next step, and say who needs care."""
    for i in range(STATES):
        for lane in range(lanes):
            o = i * LANES + lane
            good = w[ERROR + lane] <= 1.0
            # Both sides are read first: a choice between two addresses would not vectorise.
            y, y_new = w[Y + o], w[Y_NEW + o]
            k, k_new = w[K1 + o], w[K7 + o]
            w[Y + o] = y_new if good else y
            w[K1 + o] = k_new if good else k
    for lane in range(lanes):
        error = w[ERROR + lane]
        good = error <= 1.0
        time, ahead = w[TIME + lane], w[AHEAD + lane]
        time = ahead if good else time
        w[TIME + lane] = time
        w[TAKEN + lane] += 1.0
        error = error if error <= ERROR_MOST else ERROR_MOST
        error = error if error >= ERROR_LEAST else ERROR_LEAST
        factor = SAFETY * inverse_tenth_root(error)
        factor = factor if factor <= GROW_MOST else GROW_MOST
        factor = factor if factor >= SHRINK_MOST else SHRINK_MOST
        h = w[STEP + lane] * factor
        w[PROPOSED + lane] = h
        size = abs(time)
        size = size if size > 1.0 else 1.0
        stuck = (h <= LEAST_RELATIVE_STEP * size) & (error > 1.0)
        landed = time == w[STOP + lane]
        w[CARE + lane] = 1.0 if landed | stuck | (w[TAKEN + lane] >= most_steps) else 0.0


def dense_output(
    w: NDArray[np.float64], o: int, h: float
) -> tuple[float, float, float, float, float]:
    """Coefficients of a state of a lane (offset ``o``) over its accepted step ``h``."""
    start = w[Y + o]
    change = w[Y_NEW + o] - start
    bend = h * w[K1 + o] - change
    twist = change - h * w[K7 + o] - bend
    rest = D1 * w[K1 + o] + D3 * w[K3 + o] + D4 * w[K4 + o]
    rest = h * (rest + D5 * w[K5 + o] + D6 * w[K6 + o] + D7 * w[K7 + o])
    return start, change, bend, twist, rest


def await_output(lanes: Lanes, problem: Problem, lane: int, following: int) -> None:
    """Note which output of the lane's person comes next, and when."""
    lanes.output[lane] = following
    due = following < problem.output_range[lanes.person[lane], 1]
    lanes.w[NEXT_OUTPUT + lane] = problem.output_time[following] if due else np.inf


def write_start(lanes: Lanes, problem: Problem, lane: int) -> None:
    """Values at the requested times up to the lane's start: those of the initial states."""
    w, i = lanes.w, lanes.person[lane]
    j, end = problem.output_range[i, 0], problem.output_range[i, 1]
    shift = problem.output_row[i] - j
    while j < end and problem.output_time[j] <= w[TIME + lane]:
        for column in range(len(OBSERVED)):
            state, scale, other, other_scale = OBSERVED[column]
            value = w[Y + state * LANES + lane]
            if scale >= 0:
                value *= w[PARAMETER + scale * LANES + lane]
            if other >= 0:
                factor = w[PARAMETER + other_scale * LANES + lane]
                value += factor * w[Y + other * LANES + lane]
            problem.values[shift + j, column] = value
        j += 1
    await_output(lanes, problem, lane, j)


def write_outputs(lanes: Lanes, problem: Problem, lane: int) -> None:
    """Values at the requested times up to the end of the lane's accepted step."""
    w, i = lanes.w, lanes.person[lane]
    begin, end = lanes.output[lane], problem.output_range[i, 1]
    shift = problem.output_row[i] - problem.output_range[i, 0]
    time, h, ahead = w[TIME + lane], w[STEP + lane], w[AHEAD + lane]
    last = begin
    while last < end and problem.output_time[last] <= ahead:
        last += 1
    for column in range(len(OBSERVED)):
        state, scale, other, other_scale = OBSERVED[column]
        start, change, bend, twist, rest = dense_output(w, state * LANES + lane, h)
        factor = w[PARAMETER + scale * LANES + lane] if scale >= 0 else 1.0
        added, change_2, bend_2, twist_2, rest_2 = 0.0, 0.0, 0.0, 0.0, 0.0
        factor_2 = 0.0
        if other >= 0:
            added, change_2, bend_2, twist_2, rest_2 = dense_output(w, other * LANES + lane, h)
            factor_2 = w[PARAMETER + other_scale * LANES + lane]
        start = factor * start + factor_2 * added
        change = factor * change + factor_2 * change_2
        bend = factor * bend + factor_2 * bend_2
        twist = factor * twist + factor_2 * twist_2
        rest = factor * rest + factor_2 * rest_2
        for j in range(begin, last):
            theta = (problem.output_time[j] - time) / h
            back = 1.0 - theta
            inner = bend + theta * (twist + back * rest)
            problem.values[shift + j, column] = start + theta * (change + back * inner)
    await_output(lanes, problem, lane, last)


def event_moves(problem: Problem, e: int) -> bool:
    """Whether the time of an event depends on what is differentiated by."""
    moves = False
    for j in range(TANGENTS):
        moves |= problem.event_time_tangent[e, j] != 0.0
    return moves


def apply_tangents(lanes: Lanes, problem: Problem, lane: int, e: int) -> None:
    """What an event does to the derivatives, by its size."""
    w, kind = lanes.w, problem.event_kind[e]
    for j in range(TANGENTS):
        slope = problem.event_value_tangent[e, j]
        o = RATE + (j + 1) * LANES + lane
        if kind == RATE_ON:
            w[o] += slope
        elif kind == RATE_OFF:
            w[o] = w[o] - slope if lanes.infusions[lane] > 0 else 0.0
        elif kind == BOLUS:
            w[Y + (problem.event_index[e] + (j + 1) * OWN_STATES) * LANES + lane] += slope


def shift_tangents(w: NDArray[np.float64], problem: Problem, lane: int, e: int) -> None:
    """What an event does to the derivatives, by its time.

    One that comes later by dt leaves the states (before - after) dt further on; K1 holds the
    rates of change before it.
    """
    derive_lane(w, Y, K2, lane)
    for j in range(TANGENTS):
        for k in range(OWN_STATES):
            o = k * LANES + lane
            shift = (w[K1 + o] - w[K2 + o]) * problem.event_time_tangent[e, j]
            w[Y + (j + 1) * OWN_STATES * LANES + o] += shift


def first_change(rtol: float) -> float:
    """The share of itself by which a state may change in the first step after an event."""
    looser = rtol / START_RTOL
    root = inverse_tenth_root(looser if looser > 1.0 else 1.0)
    return START_SHARE / (root * root)


def arrive(lanes: Lanes, problem: Problem, lane: int, share: float) -> bool:
    """Apply the events due now and set the next stop; False when no output is left to reach.

    After a step K1 holds the rates of change before the events. A rate of infusion adds to that
    of the first state, and nothing else need be derived again.
    """
    w, i = lanes.w, lanes.person[lane]
    last_output = problem.output_range[i, 1] - 1
    if lanes.output[lane] > last_output:
        return False
    known = w[TAKEN + lane] > 0.0
    e, end = lanes.event[lane], problem.event_range[i, 1]
    while e < end and problem.event_time[e] <= w[TIME + lane]:
        kind, value = problem.event_kind[e], problem.event_value[e]
        if TANGENTS > 0 and event_moves(problem, e):
            derive_lane(w, Y, K1, lane)
        rate = w[RATE + lane]
        if kind == RATE_ON:
            lanes.infusions[lane] += 1
            w[RATE + lane] += value
        elif kind == RATE_OFF:
            lanes.infusions[lane] -= 1
            # Exactly zero, where adding and subtracting rates would leave a rounding residue.
            w[RATE + lane] = w[RATE + lane] - value if lanes.infusions[lane] > 0 else 0.0
        elif kind == BOLUS:
            w[Y + problem.event_index[e] * LANES + lane] += value
        else:
            row = problem.parameter_row[i] + problem.event_index[e]
            for k in range(PARAMETERS):
                w[PARAMETER + k * LANES + lane] = problem.parameters[row, k]
        known &= (TANGENTS == 0) & ((kind == RATE_ON) | (kind == RATE_OFF))
        if known:
            w[K1 + lane] += w[RATE + lane] - rate
        if TANGENTS > 0:
            apply_tangents(lanes, problem, lane, e)
            if event_moves(problem, e):
                shift_tangents(w, problem, lane, e)
        e += 1
    lanes.event[lane] = e
    stop = problem.output_time[last_output]
    if e < end and problem.event_time[e] < stop:
        stop = problem.event_time[e]
    w[STOP + lane] = stop
    if not known:
        derive_lane(w, Y, K1, lane)
    h = w[PROPOSED + lane]
    for k in range(STATES):
        o = k * LANES + lane
        if abs(w[K1 + o]) * h > share * abs(w[Y + o]):
            h = share * abs(w[Y + o]) / abs(w[K1 + o])
    least = LEAST_RELATIVE_STEP * max(1.0, abs(w[TIME + lane]))
    w[PROPOSED + lane] = max(h, START_LEAST * (stop - w[TIME + lane]), least)
    return True


def load_next(
    lanes: Lanes, problem: Problem, lane: int, waiting: int, last: int, share: float
) -> int:
    """Put the next waiting person who needs integration into a lane; returns who waits then."""
    w = lanes.w
    while waiting < last:
        i = waiting
        waiting += 1
        lanes.person[lane], lanes.event[lane] = i, problem.event_range[i, 0]
        lanes.infusions[lane], w[TAKEN + lane] = 0, 0.0
        for k in range(PARAMETERS):
            w[PARAMETER + k * LANES + lane] = problem.parameters[problem.parameter_row[i], k]
        for k in range(STATES):
            w[Y + k * LANES + lane] = problem.initial[i, k]
        for k in range(1 + TANGENTS):
            w[RATE + k * LANES + lane] = 0.0
        w[TIME + lane], w[PROPOSED + lane] = problem.start_time[i], FIRST_STEP
        write_start(lanes, problem, lane)
        problem.status[i] = OK
        if arrive(lanes, problem, lane, share):
            return waiting
        problem.steps[i] = 0
    lanes.person[lane] = -1
    w[STOP + lane] = w[TIME + lane]
    w[NEXT_OUTPUT + lane] = np.inf
    return waiting


def advance_block(
    lanes: Lanes,
    problem: Problem,
    first: int,
    last: int,
    rtol: float,
    atol: float,
    most_steps: float,
) -> None:
    """Integrate people ``first`` to ``last - 1`` and fill in their values, status and steps.

    ``lanes`` is scratch space from ``new_lanes``, one per thread.
    """
    w, person, number = lanes.w, lanes.person, problem.lanes
    share = first_change(rtol)
    waiting, running = first, 0
    for lane in range(number):
        waiting = load_next(lanes, problem, lane, waiting, last, share)
        running += person[lane] >= 0
    while running > 0:
        take_stages(w, number)
        judge(w, number, rtol, atol)
        for lane in range(number):
            if w[DUE + lane] > 0.0:
                write_outputs(lanes, problem, lane)
        accept(w, number, most_steps)
        for lane in range(number):
            i = person[lane]
            if w[CARE + lane] == 0.0 or i < 0:
                continue
            if w[TIME + lane] == w[STOP + lane]:
                if arrive(lanes, problem, lane, share):
                    continue
            else:
                many = w[TAKEN + lane] >= most_steps
                problem.status[i] = TOO_MANY_STEPS if many else STEP_UNDERFLOW
            problem.steps[i] = int(w[TAKEN + lane])
            waiting = load_next(lanes, problem, lane, waiting, last, share)
            running -= person[lane] < 0
