"""A layer of edges in C, built where a compiler and Python's headers were installed.

Without it everything works, slower. It agrees with the NumPy version in `networks/program.py` up
to rounding, and evaluates each row on its own: a sample has the same bits alone and in a batch.
`PKAN_COMPILED=0` in the environment turns it off.
"""

import os

import numpy as np

from pkan_control.common.arrays import Array, Floats

WANTED = os.environ.get('PKAN_COMPILED') != '0'

try:
    from pkan_control.networks import _layer
except ImportError:
    AVAILABLE = False
else:
    AVAILABLE = WANTED


def is_for(x: Array, matrix: Array) -> bool:
    """Return whether the compiled layer supports these arrays: NumPy doubles of fitting shapes."""
    return (
        AVAILABLE
        and type(x) is np.ndarray
        and type(matrix) is np.ndarray
        and x.dtype == matrix.dtype == np.float64
        and x.ndim >= matrix.ndim - 1
        and (matrix.ndim == 2 or x.shape[: matrix.ndim - 2] == matrix.shape[:-2])
        and x.size > 0
    )


def layer(x: Floats, matrix: Floats, nodes: int, scale: float) -> Floats:
    """Return the sums `[..., n_out]` of a layer.

    Args:
        x: inputs in [0, 1] `[..., n_in]`, or node values where `scale` is not 0
        matrix: coefficients `[n_in * nodes, n_out]`, or of many networks at once, their axes
            leading, those of x too
        nodes: number of Chebyshev nodes
        scale: of the squash from node values to inputs; 0 for none
    """
    out = np.empty((*x.shape[:-1], matrix.shape[-1]))
    _layer.evaluate(np.ascontiguousarray(x), np.ascontiguousarray(matrix), out, nodes, scale)
    return out
