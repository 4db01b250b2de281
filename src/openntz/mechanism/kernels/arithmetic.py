"""Exponential, logarithm, tenth root and reciprocal as plain arithmetic, so that lanes vectorise.

The C library's functions are called one lane at a time and would break the loops up; these are
branch-free polynomials. Reduction and coefficients follow fdlibm (Sun Microsystems 1993,
``e_exp.c`` and ``e_log.c``); the error is a few units in the last place.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from openntz.mechanism.kernels.options import inlined

_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_LOG2_E = 1.44269504088896338700
# Adding and subtracting 1.5 * 2^52 rounds to the nearest integer.
_ROUND = 6755399441055744.0
_EXPONENT_BIAS = 1023
_MANTISSA_BITS = 52
_HILL_MOST = 500.0 * 0.6931471805599453
_SQRT_HALF_BITS = 0x3FE6A09E00000000
_ONE_BITS = 0x3FF0000000000000

_P1, _P2, _P3 = 1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05
_P4, _P5 = -1.65339022054652515390e-06, 4.13813679705723846039e-08

_L1, _L2, _L3 = 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01
_L4, _L5, _L6 = 2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01
_L7 = 1.479819860511658591e-01


def _bits_of_double(_typing: Any, _value: Any) -> Any:
    """The 64 bits of a double as an integer."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


def _double_of_bits(_typing: Any, _value: Any) -> Any:
    """The double whose 64 bits an integer holds."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


_bits: Any = intrinsic(_bits_of_double)
_double: Any = intrinsic(_double_of_bits)


@inlined
def exponential(x: float) -> float:
    """``exp(x)`` for any finite x; arguments beyond +-700 give the value at +-700."""
    x = 700.0 if x > 700.0 else x
    x = -700.0 if x < -700.0 else x
    k = (x * _LOG2_E + _ROUND) - _ROUND
    high = x - k * _LN2_HIGH
    low = k * _LN2_LOW
    r = high - low
    s = r * r
    c = r - s * (_P1 + s * (_P2 + s * (_P3 + s * (_P4 + s * _P5))))
    value = 1.0 - ((low - (r * c) / (2.0 - c)) - high)
    return value * _double((int(k) + _EXPONENT_BIAS) << _MANTISSA_BITS)


@inlined
def logarithm(x: float) -> float:
    """``log(x)`` for x > 0; x below 1e-300 gives the value at 1e-300."""
    x = 1e-300 if x < 1e-300 else x
    shifted = _bits(x) - _SQRT_HALF_BITS
    k = float(shifted >> _MANTISSA_BITS)
    f = _double(_bits(x) - ((shifted >> _MANTISSA_BITS) << _MANTISSA_BITS)) - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    odd = z * (_L1 + w * (_L3 + w * (_L5 + w * _L7)))
    even = w * (_L2 + w * (_L4 + w * _L6))
    return k * _LN2_HIGH - ((s * (f - (odd + even)) - k * _LN2_LOW) - f)


@inlined
def hill(ratio: float, steepness: float) -> tuple[float, float]:
    """``ratio^g / (1 + ratio^g)`` and its complement ``1 / (1 + ratio^g)``, for ratio >= 0.

    Power and sigmoid share one division: exp(x) is 2^k times a quotient n/d, and the sigmoid
    of it is 2^k n / (d + 2^k n). A power beyond 2^+-500 counts as that, far past saturation.
    """
    x = steepness * logarithm(ratio)
    x = _HILL_MOST if x > _HILL_MOST else x
    x = -_HILL_MOST if x < -_HILL_MOST else x
    # The rounded number's lowest bits hold k itself.
    rounded = x * _LOG2_E + _ROUND
    k = rounded - _ROUND
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    s = r * r
    q = s * s
    below = (2.0 - r) + s * ((_P1 + s * _P2) + q * ((_P3 + s * _P4) + q * _P5))
    above = (below + 2.0 * r) * _double((_bits(rounded) + _EXPONENT_BIAS) << _MANTISSA_BITS)
    share = 1.0 / (below + above)
    return above * share, below * share


@inlined
def inverse_tenth_root(x: float) -> float:
    """``x ** -0.1`` for 1e-30 < x < 1e30, to 1 part in 200.

    Step-size control needs no more; the first guess divides the exponent bits by ten, two
    Newton steps do the rest.
    """
    guess = _double(int(-0.1 * float(_bits(x))) + (_ONE_BITS // 10) * 11)
    square = guess * guess
    fourth = square * square
    guess = guess * (1.1 - 0.1 * x * (fourth * fourth * square))
    square = guess * guess
    fourth = square * square
    return guess * (1.1 - 0.1 * x * (fourth * fourth * square))


@inlined
def reciprocal(x: float) -> float:
    """``1 / x`` for 1e-300 < x < 1e300, to 1 part in 1,000, without a division.

    The first guess negates the exponent bits, off by at most an eighth; two Newton steps square
    the error twice.
    """
    guess = _double(2 * _ONE_BITS - _bits(x))
    guess = guess * (2.0 - x * guess)
    return guess * (2.0 - x * guess)
