"""Arrays that record the computations on them as nodes of an ONNX graph.

A device's formulas are written once, with the array-API standard. Called with these arrays they
become a graph, so that any device is exported by its own formulas. Each array also has a value for
an example input, from which shapes and constants follow.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from pkan_control.common.errors import UserError

UNARY = {
    'exp': 'Exp',
    'log': 'Log',
    'sqrt': 'Sqrt',
    'sin': 'Sin',
    'cos': 'Cos',
    'tanh': 'Tanh',
    'abs': 'Abs',
    'negative': 'Neg',
    'sign': 'Sign',
    'floor': 'Floor',
    'ceil': 'Ceil',
}
BINARY = {
    'add': 'Add',
    'subtract': 'Sub',
    'multiply': 'Mul',
    'divide': 'Div',
    'pow': 'Pow',
    'maximum': 'Max',
    'minimum': 'Min',
    'less': 'Less',
    'greater': 'Greater',
    'matmul': 'MatMul',
    'less_equal': 'LessOrEqual',
    'greater_equal': 'GreaterOrEqual',
}
# Halvings of the angle, and terms of the series, that give atan in double precision.
HALVINGS, TERMS = 3, 11


class Traced:
    """An array of a graph: its name there, or None for a constant, and its example value."""

    # NumPy defers arithmetic with these arrays to their own operators.
    __array_ufunc__ = None

    def __init__(self, graph: 'Graph', name: str | None, value: NDArray[Any]) -> None:
        """Make an array of a graph."""
        self.graph, self.name, self.value = graph, name, value
        self.shape, self.ndim, self.dtype = value.shape, value.ndim, value.dtype
        self.device = None

    def __array_namespace__(self, api_version: str | None = None) -> 'Graph':
        return self.graph

    def __getitem__(self, key: Any) -> 'Traced':
        if self.name is None:
            return Traced(self.graph, None, self.value[key])
        keys = key if isinstance(key, tuple) else (key,)
        if not all(part is None or part is Ellipsis for part in keys):
            raise UserError(f'export to ONNX: index {key!r} of an input is not supported')
        shape = self.value[key].shape
        before = keys.index(Ellipsis) if Ellipsis in keys else len(keys)
        front, back = (
            list(range(before)),
            list(range(len(shape) - (len(keys) - before - 1), len(shape))),
        )
        axes = self.graph.numbers(np.array(front + (back if Ellipsis in keys else []), np.int64))
        return self.graph.record('Unsqueeze', self.value[key], self.name, axes)

    def __neg__(self) -> 'Traced':
        return self.graph.apply('negative', self)

    def __add__(self, other: Any) -> 'Traced':
        return self.graph.apply('add', self, other)

    def __sub__(self, other: Any) -> 'Traced':
        return self.graph.apply('subtract', self, other)

    def __mul__(self, other: Any) -> 'Traced':
        return self.graph.apply('multiply', self, other)

    def __truediv__(self, other: Any) -> 'Traced':
        return self.graph.apply('divide', self, other)

    def __pow__(self, other: Any) -> 'Traced':
        return self.graph.apply('pow', self, other)

    def __matmul__(self, other: Any) -> 'Traced':
        return self.graph.apply('matmul', self, other)

    def __radd__(self, other: Any) -> 'Traced':
        return self.graph.apply('add', other, self)

    def __rsub__(self, other: Any) -> 'Traced':
        return self.graph.apply('subtract', other, self)

    def __rmul__(self, other: Any) -> 'Traced':
        return self.graph.apply('multiply', other, self)

    def __rtruediv__(self, other: Any) -> 'Traced':
        return self.graph.apply('divide', other, self)

    def __lt__(self, other: Any) -> 'Traced':
        return self.graph.apply('less', self, other)

    def __gt__(self, other: Any) -> 'Traced':
        return self.graph.apply('greater', self, other)

    def __le__(self, other: Any) -> 'Traced':
        return self.graph.apply('less_equal', self, other)

    def __ge__(self, other: Any) -> 'Traced':
        return self.graph.apply('greater_equal', self, other)


class Graph:
    """Nodes and constants recorded so far; also the array-API namespace of its arrays."""

    def __init__(self, kind: type[np.float32] | type[np.float64]) -> None:
        """Start an empty graph that computes in that precision."""
        # The array-API standard requires a name.
        self.__name__ = 'onnx_graph'
        self.kind = kind
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def __getattr__(self, name: str) -> Callable[..., Traced]:
        """Return the function of the array-API standard of that name."""
        if name.startswith('__'):
            raise AttributeError(name)
        if name not in {*UNARY, *BINARY}:
            raise UserError(f'export to ONNX: function {name} of a device is not supported')
        return lambda *inputs: self.apply(name, *inputs)

    def apply(self, function: str, *inputs: Any) -> Traced:
        """Apply an elementwise function; on constants alone it returns a constant."""
        arrays = [self.asarray(each) for each in inputs]
        value = getattr(np, function)(*(array.value for array in arrays))
        if all(array.name is None for array in arrays):
            return Traced(self, None, value)
        operator = {**UNARY, **BINARY}[function]
        return self.record(operator, value, *(self.named(array) for array in arrays))

    def record(self, operator: str, value: NDArray[Any], *inputs: str, **options: Any) -> Traced:
        """Append a node with named inputs and an example value."""
        name = f'v{len(self.nodes)}'
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **options))
        return Traced(self, name, value)

    def asarray(self, value: Any, dtype: Any = None, device: Any = None) -> Traced:
        """Return a value as an array of the graph."""
        return value if isinstance(value, Traced) else Traced(self, None, np.asarray(value))

    def named(self, array: Traced) -> str:
        """Return the name of an array; a constant is stored under a new name."""
        return array.name or self.numbers(array.value)

    def numbers(self, value: NDArray[Any]) -> str:
        """Store a constant, floats in the precision of the graph; return its name."""
        name = f'c{len(self.constants)}'
        exact = value.astype(self.kind) if value.dtype.kind == 'f' else value
        exact = exact.astype(self.kind) if exact.dtype == np.int_ and value.ndim == 0 else exact
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(exact), name))
        return name

    def sum(self, array: Traced, axis: int | tuple[int, ...]) -> Traced:
        """Return the sum over axes."""
        value = array.value.sum(axis=axis)
        axes = self.numbers(np.atleast_1d(np.array(axis, np.int64)))
        return self.record('ReduceSum', value, self.named(array), axes, keepdims=0)

    def where(self, condition: Traced, one: Any, other: Any) -> Traced:
        """Return `one` where the condition holds, `other` elsewhere."""
        arrays = [self.asarray(each) for each in (condition, one, other)]
        value = np.where(*(array.value for array in arrays))
        if all(array.name is None for array in arrays):
            return Traced(self, None, value)
        return self.record('Where', value, *(self.named(array) for array in arrays))

    def clip(self, array: Traced, low: Any = None, high: Any = None) -> Traced:
        """Return the array limited to `low`, `high` or both."""
        array = array if low is None else self.apply('maximum', array, low)
        return array if high is None else self.apply('minimum', array, high)

    def atan(self, array: Traced) -> Traced:
        """Return the arc tangent: ONNX Runtime has it in single precision only.

        Halving the angle three times leaves a series that converges fast:
        `atan(y) = 2 atan(y / (1 + sqrt(1 + y^2)))`.
        """
        y = self.asarray(array)
        if y.name is None:
            return Traced(self, None, np.arctan(y.value))
        for _ in range(HALVINGS):
            y = y / (1.0 + self.apply('sqrt', 1.0 + y * y))
        square, series = y * y, self.asarray(0.0)
        for term in reversed(range(TERMS)):
            series = series * square + (-1.0) ** term / (2 * term + 1)
        return y * series * 2.0**HALVINGS

    def tan(self, array: Traced) -> Traced:
        """Return the tangent."""
        return self.apply('sin', array) / self.apply('cos', array)

    def exp2(self, array: Traced) -> Traced:
        """Return two to the power of the array."""
        return self.apply('exp', math.log(2) * array)
