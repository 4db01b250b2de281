"""From templates to machine code, with numba; needed once per kind of model and machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, Final

from msgspec import Struct
from numba import njit, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

from openntz.mechanism.kernels import dopri5
from openntz.mechanism.kernels.options import CALLED, OPTIONS, inlined
from openntz.mechanism.kernels.problem import Lanes, Problem
from openntz.mechanism.machine_code import MachineCode

# A call takes the arrays of ``Lanes`` and ``Problem`` by value, some 150 numbers: what is called
# at most steps is inlined, what is called once a person is not.
_INLINED: Final = (
    dopri5.derive_block,
    dopri5.derive_lane,
    dopri5.squared_error,
    dopri5.dense_output,
    dopri5.await_output,
    dopri5.write_start,
    dopri5.write_outputs,
    dopri5.first_change,
    dopri5.arrive,
)
_CALLED: Final = (
    dopri5.take_stages,
    dopri5.judge,
    dopri5.accept,
    dopri5.event_moves,
    dopri5.apply_tangents,
    dopri5.shift_tangents,
    dopri5.load_next,
)


_BYTES: Final = 8
# Address, rows, columns.
_COLUMNS: Final = 3


def _array_of(element: Any, dimensions: int) -> Any:
    """An intrinsic ``(table, i)``: the array that row ``i`` of a table of addresses names.

    ``numba.carray`` would count references, which nothing else in a kernel does.
    """
    kind = types.Array(element, dimensions, "C")

    def typed(_typing: Any, table: Any, _row: Any) -> Any:
        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            first = builder.mul(arguments[1], context.get_constant(types.int64, _COLUMNS))
            address, *shape = (
                builder.load(
                    builder.gep(
                        arguments[0], [builder.add(first, context.get_constant(types.int64, k))]
                    )
                )
                for k in range(1 + dimensions)
            )
            array = make_array(kind)(context, builder)
            size = context.get_constant(types.intp, _BYTES)
            populate_array(
                array,
                data=builder.inttoptr(address, array.data.type),
                shape=shape,
                strides=[*(builder.mul(size, columns) for columns in shape[1:]), size],
                itemsize=size,
                meminfo=None,
            )
            return array._getvalue()

        return kind(table, types.int64), generate

    return intrinsic(typed)


_vector: Any = _array_of(types.float64, 1)
_whole: Any = _array_of(types.int64, 1)
_matrix: Any = _array_of(types.float64, 2)
_pairs: Any = _array_of(types.int64, 2)
advance_block: Any = dopri5.advance_block
_WIDTH: Final = _COLUMNS * 22


def entry(t: Any, first: int, last: int, rtol: float, atol: float, most_steps: float) -> None:
    """``advance_block`` on the arrays that a table names, in the order of the tuples."""
    lanes = Lanes(_vector(t, 0), _whole(t, 1), _whole(t, 2), _whole(t, 3), _whole(t, 4))
    problem = Problem(
        t[_WIDTH], _vector(t, 5), _matrix(t, 6), _matrix(t, 7), _whole(t, 8), _pairs(t, 9),
        _vector(t, 10), _whole(t, 11), _whole(t, 12), _vector(t, 13), _matrix(t, 14),
        _matrix(t, 15), _pairs(t, 16), _vector(t, 17), _whole(t, 18), _matrix(t, 19),
        _whole(t, 20), _whole(t, 21),
    )  # fmt: skip
    advance_block(lanes, problem, first, last, rtol, atol, most_steps)


_SIGNATURE: Final = (
    types.CPointer(types.int64),
    *[types.int64] * 2,
    *[types.float64] * 3,
)


class Assembled(Struct, frozen=True):
    """Machine code and the intermediate code it was made from."""

    code: MachineCode
    intermediate: str


def assemble(
    name: str,
    names: Mapping[str, Any],
    derive: Callable[..., None],
    derive_tangent: Callable[..., None],
) -> Assembled:
    """Compile the block solver of a right-hand side.

    Parameters
    ----------
    name : str
        Part of the symbol.
    names : mapping
        What the templates' free names stand for: dimensions and offsets.
    """
    bound: dict[str, Any] = dict(vars(dopri5)) | dict(names)
    bound |= {"derive": inlined(derive), "derive_tangent": inlined(derive_tangent)}

    def build(template: Callable[..., Any], scope: dict[str, Any], **options: Any) -> Any:
        function = FunctionType(template.__code__, scope, f"{template.__name__}_{name}")
        function.__qualname__ = function.__name__
        return njit(**options)(function)

    for template in _INLINED:
        bound[template.__name__] = build(template, bound, forceinline=True, **CALLED)
    for template in _CALLED:
        bound[template.__name__] = build(template, bound, **CALLED)
    # Its statements become those of ``entry``, which would otherwise be compiled twice over.
    inner = build(dopri5.advance_block, bound, inline="always", **OPTIONS)
    scope = globals() | {"advance_block": inner}
    outer = build(entry, scope, **CALLED)
    outer.compile(_SIGNATURE)
    made = outer.overloads[_SIGNATURE]
    _, _, (object_file, _) = made.library.serialize_using_object_code()
    code = MachineCode(made.fndesc.llvm_func_name, object_file)
    return Assembled(code, made.library.get_llvm_str())
