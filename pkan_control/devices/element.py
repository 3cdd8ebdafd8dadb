"""The device protocol: response, settings and deviations of one kind of element.

A device is a set of pure functions on arrays whose last axis holds the parameters of an element.
They follow the array-API standard, so that the same code serves NumPy at run time and torch in
training.
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
        """Constants that define the meaning of the codes; a file made for others is refused."""

    @property
    def nodes(self) -> int:
        """Number of Chebyshev nodes that interpolate the response over x in [0, 1] to 1e-4."""

    def initial(self, generator: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        """Draw unbounded trainable values, shape `[*shape, P]`."""

    def bounded(self, trainable: Array) -> Array:
        """Map unbounded trainable values `[..., P]` to physical parameters `[..., P]`."""

    def response(self, x: Array, physical: Array) -> Array:
        """Evaluate ideal elements at x in [0, 1]; shapes broadcast, `physical` has `[..., P]`."""

    def exact_response(self, x: Array, physical: Array) -> Array:
        """Evaluate elements with all effects of the circuit that a simulated chip includes."""

    def encode(self, physical: Array) -> Array:
        """Return the nearest realisable codes `[..., Q]` of physical parameters `[..., P]`."""

    def decode(self, codes: Array) -> Array:
        """Return the physical parameters `[..., P]` that codes `[..., Q]` realise."""

    def deviate(
        self, physical: Floats, draws: Floats, cycles: Floats, deviations: Deviations
    ) -> Floats:
        """Return the parameters `[..., P]` on a chip with deviations of the given magnitudes.

        `draws` and `cycles` are standard normal, one number for each parameter `[..., P]`: `draws`
        is fixed by fabrication, `cycles` is drawn anew each time that an element is programmed.
        """

    def settling_s(self) -> float:
        """Return the time in seconds that a layer of elements needs to follow a new input."""

    def power_w(self, physical: Floats, figure_of_merit_j: Floats) -> Floats:
        """Return the power `[...]` in W of elements `[..., P]`; 0 for a disconnected element.

        It is affine in the figure of merit of a filter pole in J, and constant without filters.
        """


@runtime_checkable
class DifferentiableDevice(Protocol):
    """Optional functions of a device, with which its networks train several times faster."""

    def slopes(self, x: Array, physical: Array) -> tuple[Array, ...]:
        """Return the response and its derivatives by each of the `P` physical parameters."""

    def realised(self, physical: Array) -> Array:
        """Return `decode(encode(physical))`, in the precision of the input."""


DEVICES: Registry[Device] = Registry('pkan_control.devices', 'device', Device)


def find_device(name: str) -> Device:
    """Return the device of that name from the entry points `pkan_control.devices`."""
    return DEVICES.find(name)
