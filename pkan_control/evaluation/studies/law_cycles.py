"""Cycles of a law on a microcontroller, counted while it runs once.

A law is array code; it is called with arrays that count the operations on them.
"""

import math
from typing import Any

import numpy as np

from pkan_control.tasks.task import Task

# Cycles of an operation of a Cortex-M4 with its floating-point unit (Technical Reference Manual:
# VADD, VMUL and VCMP 1, VDIV and VSQRT 14; functions of the mathematical library assumed), and of
# its two loads and one store.
DIVISIONS = ('divide', 'true_divide', 'sqrt', 'reciprocal')
FUNCTIONS = (
    'exp',
    'exp2',
    'expm1',
    'log',
    'log2',
    'log10',
    'log1p',
    'power',
    'hypot',
    'cbrt',
    'sin',
    'cos',
    'tan',
    'arcsin',
    'arccos',
    'arctan',
    'arctan2',
    'sinh',
    'cosh',
    'tanh',
)
SIMPLE, DIVISION, FUNCTION, MEMORY = 1, 14, 60, 3


class Tally:
    """Cycles so far."""

    cycles = 0

    def add(self, name: str, size: int) -> None:
        """Count an operation on so many numbers."""
        work = DIVISION if name in DIVISIONS else FUNCTION if name in FUNCTIONS else SIMPLE
        self.cycles += (work + MEMORY) * size


class Counting(np.ndarray):
    """An array that counts the operations on it, and on their results."""

    tally: Tally | None = None

    def __array_finalize__(self, source: Any) -> None:
        self.tally = getattr(source, 'tally', None)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        plain = [_plain(each) for each in inputs]
        if 'out' in options:
            options['out'] = tuple(_plain(each) for each in options['out'])
        result = getattr(ufunc, method)(*plain, **options)
        size = max(np.size(each) for each in (*plain, *_several(result)))
        if ufunc is np.matmul:
            size = np.size(result) * np.shape(plain[0])[-1]
        if self.tally is not None:
            self.tally.add(ufunc.__name__, size)
        return _counting(result, self.tally)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        arrays = [each for each in inputs if isinstance(each, np.ndarray)]
        heavy = function is np.einsum or 'linalg' in str(getattr(function, '__module__', ''))
        if heavy and self.tally is not None and arrays:
            # A product or a solution of small matrices: each number meets a whole row.
            rows = max(max(each.shape, default=1) for each in arrays)
            self.tally.add('multiply', rows * max(each.size for each in arrays))
        return super().__array_function__(function, types, inputs, options)


def _several(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Counting) else value


def _counting(result: Any, tally: Tally | None) -> Any:
    if isinstance(result, tuple):
        return tuple(_counting(each, tally) for each in result)
    view = np.asarray(result).view(Counting)
    view.tally = tally
    return view


def law_cycles(task: Task) -> int:
    """Return the cycles of one control step of a task's law, scaling of its terms included.

    The law runs on a batch of one, since with a single state it may use plain numbers, which are
    not counted.
    """
    law, tally = task.law, Tally()
    state = _counting(task.start(0, 0)[None], tally)
    goal = _counting(task.goal(0, 0, 0)[None], tally)
    memory = law.start(state)
    tally.cycles = 0
    memory, values = law.observe(memory, state, goal)
    law.observation.normalise(values)
    outputs = _counting(np.zeros((1, len(law.output))), tally)
    law.act(memory, state, law.output.denormalise(outputs))
    return math.ceil(tally.cycles)
