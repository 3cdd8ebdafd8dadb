"""The Wright omega function of a real argument: the solution of `omega + ln(omega) = z`.

It is Lambert's `W(e^z)` without the exponential, which overflows single precision at z = 88. The
iteration is that of F. Fritsch, R. Shafer and W. Crowley, "Solution of the transcendental
equation w e^w = x", Communications of the ACM 16(2), 1973: of fourth order, so that two steps
from the starts below reach double precision.
"""

from types import ModuleType

from pkan_control.common.arrays import Array, namespace

# Below it omega is e^z to double precision.
EXPONENTIAL_BELOW = -40.0
STEPS = 2


def wright_omega(z: Array) -> Array:
    """Return omega of a finite z, elementwise, of any size and in any precision.

    Where the arrays record gradients the iteration is kept out of the record; one first-order
    term around its result carries the exact derivative `omega / (1 + omega)`.
    """
    if not hasattr(z, 'detach'):
        return _iterated(z, namespace(z))
    fixed = z.detach()
    omega = _iterated(fixed, namespace(fixed))
    return omega + omega / (1 + omega) * (z - fixed)


def _iterated(z: Array, xp: ModuleType) -> Array:
    limited = xp.clip(z, EXPONENTIAL_BELOW, None)
    omega = _start(limited, xp)
    for _ in range(STEPS):
        omega = _improved(omega, limited, xp)
    return xp.where(z < EXPONENTIAL_BELOW, xp.exp(xp.clip(z, None, 0.0)), omega)


def _start(z: Array, xp: ModuleType) -> Array:
    """Return `e^z / (1 + e^z)` at the left, Taylor's series at 1, `z - ln z` at the right."""
    small = xp.exp(xp.clip(z, None, -1.0))
    off = xp.clip(z, -1.0, 3.0) - 1
    large = xp.clip(z, 3.0, None)
    middle = 1 + off / 2 + off * off / 16
    right = large - xp.log(large) * (1 - 1 / large)
    return xp.where(z < -1, small / (1 + small), xp.where(z > 3, right, middle))


def _improved(omega: Array, z: Array, xp: ModuleType) -> Array:
    error = z - omega - xp.log(omega)
    ratio = error / (1 + omega)
    size = 1 + omega + 2 / 3 * error
    return omega * (1 + ratio * (size - ratio / 2) / (size - ratio))
