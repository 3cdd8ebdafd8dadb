"""The array type that NumPy (runtime) and torch (training) share."""

import importlib
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

# NumPy follows the standard from 2.1 on; the wrapper of older versions takes 10 MB of a node.
numpy_namespace: Any = np
if np.lib.NumpyVersion(np.__version__) < '2.1.0':
    numpy_namespace = importlib.import_module('array_api_compat.numpy')

# An array of any library that follows the array-API standard; docstrings give the shapes.
Array: TypeAlias = Any
Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int16]
_NUMPY = (np.ndarray, np.generic)

__all__ = ['Array', 'Floats', 'Integers', 'constant', 'namespace']


def namespace(*arrays: Array) -> Any:
    """Return the array-API namespace of the arrays; quick where all are NumPy arrays."""
    for array in arrays:
        if not isinstance(array, _NUMPY):
            # Imported on demand: a process with NumPy arrays alone does not need it.
            from array_api_compat import array_namespace

            return array_namespace(*arrays)
    return numpy_namespace


def constant(values: Floats, like: Array) -> Array:
    """Return constants as an array of the library, dtype and device of `like`."""
    if isinstance(like, np.ndarray):
        return values if like.dtype != np.float32 else values.astype(np.float32)
    return namespace(like).asarray(values, dtype=like.dtype, device=like.device)
