"""The array type that NumPy (runtime) and torch (training) share."""

import importlib
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

# From 2.1 on NumPy follows the standard by itself; what wraps older ones takes 10 MB of a node.
numpy_namespace: Any = np
if np.lib.NumpyVersion(np.__version__) < '2.1.0':
    numpy_namespace = importlib.import_module('array_api_compat.numpy')

# An array of any library that follows the array-API standard; shapes stand in the docstrings.
Array: TypeAlias = Any
Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int16]
_NUMPY = (np.ndarray, np.generic)

__all__ = ['Array', 'Floats', 'Integers', 'constant', 'namespace']


def namespace(*arrays: Array) -> Any:
    """Return the array-API namespace of the arrays, by a short path where all are NumPy's."""
    for array in arrays:
        if not isinstance(array, _NUMPY):
            # Not before it is needed: NumPy alone does without.
            from array_api_compat import array_namespace

            return array_namespace(*arrays)
    return numpy_namespace


def constant(values: Floats, like: Array) -> Array:
    """Return constants as an array of the library, type and device of another one."""
    if isinstance(like, np.ndarray):
        return values
    return namespace(like).asarray(values, dtype=like.dtype, device=like.device)
