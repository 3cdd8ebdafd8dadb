"""Laws of which only the part that adapters use is there: their commands."""

from types import SimpleNamespace

from pkan_control.control.laws.vehicle import VehicleLaw
from pkan_control.control.signals import Signal, Terms


def law(*units: str, names: tuple[str, ...] = (), **more: object) -> SimpleNamespace:
    """Return a law whose command has those units."""
    names = names or tuple(f'joint_{number}' for number in range(1, len(units) + 1))
    terms = Terms([Signal(n, u, '', 2.0) for n, u in zip(names, units, strict=True)])
    return SimpleNamespace(name='some law', rate_hz=50.0, command=terms, **more)


ARM = law('rad/s', 'rad/s', 'm/s')
SERVOS = law('rad', 'rad')
PUSHED = law('N')
ODD = law('rad', 'rad/s')
CAR = VehicleLaw()
