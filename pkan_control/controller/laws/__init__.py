"""The fixed arithmetic around a network, one law to a file."""

from typing import Any

from pkan_control.controller.laws.cartpole import CartpoleLaw
from pkan_control.controller.laws.drone import DroneLaw
from pkan_control.controller.laws.law import Law
from pkan_control.controller.laws.solar import SolarLaw
from pkan_control.controller.laws.vehicle import VehicleLaw
from pkan_control.errors import UserError, unknown

LAWS: dict[str, type[DroneLaw | VehicleLaw | CartpoleLaw | SolarLaw]] = {
    'drone': DroneLaw,
    'vehicle': VehicleLaw,
    'cartpole': CartpoleLaw,
    'solar': SolarLaw,
}


def make_law(name: str, parameters: dict[str, Any]) -> Law:
    """Return the law of that name; raise a `UserError` for an unknown name or parameters."""
    if name not in LAWS:
        raise unknown('law', name, LAWS)
    try:
        return LAWS[name].from_json(parameters)
    except (TypeError, KeyError, ValueError, OverflowError) as error:
        raise UserError(f'parameters of law {name}: {error!r}') from None
