"""The array type that NumPy (runtime) and torch (training) share."""

from typing import Any, TypeAlias

import array_api_compat.numpy as numpy_namespace
import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

# An array of any library that follows the array-API standard; shapes stand in the docstrings.
Array: TypeAlias = Any
Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int16]
_NUMPY = (np.ndarray, np.generic)

__all__ = ['Array', 'Floats', 'Integers', 'like', 'namespace']


def namespace(*arrays: Array) -> Any:
    """Return the array-API namespace of the arrays, by a short path where all are NumPy's."""
    for array in arrays:
        if not isinstance(array, _NUMPY):
            return array_namespace(*arrays)
    return numpy_namespace


def like(constant: Floats, array: Array) -> Array:
    """Return a constant as what computes with an array: itself beside doubles of NumPy.

    Beside tensors it gets their type, and goes where they are.
    """
    if isinstance(array, _NUMPY) and array.dtype == np.float64:
        return constant
    return namespace(array).asarray(constant, dtype=array.dtype, device=array.device)
