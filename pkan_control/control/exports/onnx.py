"""Export of a controller's network as an ONNX model.

The model maps the law's observation to the law's output, both in their units; the batch size
is free. Its nodes are the device's own formulas (the Wright omega function included), element
by element and without interpolation.
"""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from pkan_control.common.errors import UserError
from pkan_control.common.files import replace_file
from pkan_control.common.version import __version__
from pkan_control.control.controller_file import ControllerFile

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


INPUT, OUTPUT, BATCH = 'observation', 'output', 'batch'
# Versions that ONNX Runtime 1.16 (2023) and later read.
OPSET, FORMAT = 18, 9
TYPES = {np.float32: TensorProto.FLOAT, np.float64: TensorProto.DOUBLE}


def save_onnx(path: Path, controller_file: ControllerFile, single: bool = False) -> None:
    """Write a controller's network as an ONNX model, in double or single precision."""
    replace_file(path, onnx_model(controller_file, single).SerializeToString(), 'ONNX model ')


def onnx_model(controller_file: ControllerFile, single: bool = False) -> onnx.ModelProto:
    """Return the model: `observation [batch, n_in]` to `output [batch, n_out]`.

    The metadata of the model name the terms, units and rate of the law.
    """
    law, kind = controller_file.law, np.float32 if single else np.float64
    graph = Graph(kind)
    example = law.observation.denormalise(np.zeros((1, len(law.observation))))
    seen = law.observation.normalise(Traced(graph, INPUT, example))
    outputs = controller_file.policy.evaluate_exactly(seen)
    last = law.output.denormalise(outputs)
    graph.nodes[-1].output[0] = OUTPUT
    shapes = ((INPUT, example.shape[1]), (OUTPUT, last.shape[1]))
    ends = [helper.make_tensor_value_info(n, TYPES[kind], [BATCH, size]) for n, size in shapes]
    model = helper.make_model(
        helper.make_graph(graph.nodes, 'network', ends[:1], ends[1:], graph.constants),
        opset_imports=[helper.make_opsetid('', OPSET)],
        producer_name='pkan_control',
        producer_version=__version__,
    )
    model.ir_version = FORMAT
    helper.set_model_props(model, _about(controller_file))
    onnx.checker.check_model(model, full_check=True)
    return model


def _about(controller_file: ControllerFile) -> dict[str, str]:
    law = controller_file.law
    terms = {'observation': law.observation, 'output': law.output}
    described = {
        name: json.dumps(
            [{'name': s.name, 'unit': s.unit, 'frame': s.frame} for s in each.signals]
        )
        for name, each in terms.items()
    }
    return {
        **described,
        'task': controller_file.task,
        'law': law.name,
        'device': controller_file.device,
        'rate_hz': str(controller_file.rate_hz),
    }
