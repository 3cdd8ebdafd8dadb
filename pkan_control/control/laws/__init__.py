"""The fixed arithmetic around a network, one law to a file."""

from typing import Any

from pkan_control.common.errors import UserError, unknown
from pkan_control.control.laws.cartpole import CartpoleLaw
from pkan_control.control.laws.cylindrical import CylindricalLaw
from pkan_control.control.laws.drone import DroneLaw
from pkan_control.control.laws.kinematics import KinematicsLaw
from pkan_control.control.laws.law import Law
from pkan_control.control.laws.solar import SolarLaw
from pkan_control.control.laws.vehicle import VehicleLaw

LAWS: dict[
    str,
    type[DroneLaw | VehicleLaw | CartpoleLaw | SolarLaw | KinematicsLaw | CylindricalLaw],
] = {
    'drone': DroneLaw,
    'vehicle': VehicleLaw,
    'cartpole': CartpoleLaw,
    'solar': SolarLaw,
    'kinematics': KinematicsLaw,
    'cylindrical': CylindricalLaw,
}


def make_law(name: str, parameters: dict[str, Any]) -> Law:
    """Return the law of that name; raise a `UserError` for an unknown name or parameters."""
    if name not in LAWS:
        raise unknown('law', name, LAWS)
    try:
        return LAWS[name].from_json(parameters)
    except UserError:
        raise
    except (TypeError, KeyError, ValueError, OverflowError) as error:
        raise UserError(f'parameters of law {name}: {error!r}') from None
