"""What every device is: the response, settings and deviations of one physical element.

A device is a set of pure functions on arrays whose last axis holds an element's parameters.
They follow the array-API standard, so that the same lines serve NumPy and torch: what is trained
is what is run.
"""

from typing import Protocol, runtime_checkable

import numpy as np

from pkan_control.common.arrays import Array, Floats
from pkan_control.common.registry import Registry
from pkan_control.devices.deviations import Deviations


class Device(Protocol):
    """One kind of element.

    `P` is the number of physical parameters of an element and `Q` the number of integer codes
    that it is programmed with.
    """

    @property
    def name(self) -> str:
        """Name in controller files and on the command line."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the `P` physical parameters, with their unit as suffix."""

    @property
    def codes(self) -> tuple[str, ...]:
        """Names of the `Q` integer codes."""

    @property
    def code_limits(self) -> tuple[tuple[int, int], ...]:
        """Lowest and highest value of each of the `Q` codes."""

    @property
    def constants(self) -> tuple[float, ...]:
        """Numbers that the meaning of the codes rests on; a file made for others is refused."""

    @property
    def nodes(self) -> int:
        """Chebyshev nodes that interpolate the response over x in [0, 1] well enough to run."""

    def initial(self, generator: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        """Draw unbounded trainable values, shape `[*shape, P]`."""

    def bounded(self, trainable: Array) -> Array:
        """Map unbounded trainable values `[..., P]` to physical parameters `[..., P]`."""

    def response(self, x: Array, physical: Array) -> Array:
        """Evaluate ideal elements at x in [0, 1]; shapes broadcast, `physical` has `[..., P]`."""

    def exact_response(self, x: Array, physical: Array) -> Array:
        """Evaluate elements with every effect of the circuit that a simulated chip must have."""

    def encode(self, physical: Array) -> Array:
        """Return the nearest realisable codes `[..., Q]` of physical parameters `[..., P]`."""

    def decode(self, codes: Array) -> Array:
        """Return the physical parameters `[..., P]` that codes `[..., Q]` realise."""

    def deviate(
        self, physical: Floats, draws: Floats, cycles: Floats, deviations: Deviations
    ) -> Floats:
        """Return what a chip makes of the parameters, which of the magnitudes bear on which.

        Both are standard normal, one number for each parameter `[..., P]`: `draws` was frozen by
        fabrication, `cycles` is another one each time that the element is set anew.
        """

    def settling_s(self) -> float:
        """Return the time in seconds that a layer of elements needs to follow a new input."""

    def power_w(self, physical: Floats, figure_of_merit_j: Floats) -> Floats:
        """Return the power in watts of elements `[..., P]`: `[...]`, 0 of one disconnected.

        Affine in the figure of merit of a filter pole in joule, and constant where none is used.
        """


@runtime_checkable
class DifferentiableDevice(Protocol):
    """What a device may have beside that: its networks train several times faster then."""

    def slopes(self, x: Array, physical: Array) -> tuple[Array, ...]:
        """Return the response, and its derivative by each of the `P` physical parameters."""

    def realised(self, physical: Array) -> Array:
        """Return `decode(encode(physical))`, as the type of number that comes in."""


DEVICES: Registry[Device] = Registry('pkan_control.devices', 'device', Device)


def find_device(name: str) -> Device:
    """Return the device of that name from the entry points `pkan_control.devices`."""
    return DEVICES.find(name)
