"""A layer of edges in C, where a compiler and Python's headers were there at installation.

Everything works without it, slower. It computes what NumPy's version in `networks/program.py`
does, up to rounding, but each row for itself: a sample alone is what it is in a batch, bit by bit.
Where the environment says `PKAN_COMPILED=0` it is not used.
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
    """Return whether the compiled layer takes these: doubles of NumPy, the same networks."""
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
