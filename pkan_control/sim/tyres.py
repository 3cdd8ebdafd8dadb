"""What disturbs a car, the same for every world."""

from dataclasses import dataclass

import numpy as np

from pkan_control.common.arrays import Array
from pkan_control.sim.disturbances import Gusts, value_at
from pkan_control.sim.scenarios import Effects

# Friction between tyre and road where nothing else is said, and the least that is left of it.
FRICTION, SLIPPERIEST = 0.8, 0.05
# Share of the training flights' friction, lag of the steering in s, offset of it in rad.
FRICTIONS, LAGS, OFFSET, LATE_SHARE = (0.4, 1.2), (0.02, 0.1), 0.03, 0.3
# The steering's own lag: a hobby servo.
STEERING_LAG_S = 0.05


@dataclass(frozen=True)
class CarConditions:
    """What differs from the nominal car; numbers, or arrays that broadcast over a batch.

    friction is that of the tyres, payload_kg lies at the centre of mass, steering_lag_s is the
    time constant of the steering, steering_offset_rad what it stands off by. `late` tells which
    cars of a batch get their commands one control period late.
    """

    friction: Array = FRICTION
    payload_kg: float = 0.0
    steering_lag_s: Array = STEERING_LAG_S
    steering_offset_rad: Array = 0.0
    late: Array = False


USUAL = CarConditions()


def draw_car_conditions(cars: int, generator: np.random.Generator) -> CarConditions:
    """Draw friction, lag and offset of the steering for each of a batch of cars."""
    return CarConditions(
        friction=FRICTION * generator.uniform(*FRICTIONS, (cars, 1)),
        steering_lag_s=generator.uniform(*LAGS, (cars, 1)),
        steering_offset_rad=OFFSET * generator.standard_normal((cars, 1)),
        late=generator.random((cars, 1)) < LATE_SHARE,
    )


class CarCourse:
    """The conditions of one episode: what a scenario's effects make of them at a time."""

    def __init__(self, effects: Effects, rate_hz: float, generator: np.random.Generator) -> None:
        """Draw how the road changes on the way."""
        self._effects = effects
        self._road = Gusts((1,), rate_hz, generator)

    def next(self, time_s: float) -> CarConditions:
        """Return the conditions at a time in s; call it once for each control period."""
        effects = self._effects
        changes = value_at(effects, 'friction_spread', 0.0, time_s) * float(self._road.next()[0])
        factor = value_at(effects, 'friction', 1.0, time_s) * (1 + changes)
        return CarConditions(
            friction=max(SLIPPERIEST, FRICTION * factor),
            payload_kg=value_at(effects, 'payload_kg', 0.0, time_s),
            steering_lag_s=value_at(effects, 'steering_lag_s', STEERING_LAG_S, time_s),
            steering_offset_rad=value_at(effects, 'steering_offset_rad', 0.0, time_s),
        )


def followed(value: Array, wanted: Array, lag_s: Array, dt: float) -> Array:
    """Return what a first-order lag makes of a value that is wanted, after a time in s."""
    return value + (wanted - value) * (dt / (dt + lag_s))
