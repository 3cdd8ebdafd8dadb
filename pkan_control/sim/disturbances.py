"""Conditions of one episode by its time, as a scenario's effects make them, for each robot."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pkan_control.common.arrays import Array, Floats
from pkan_control.sim.effects import Effects
from pkan_control.sim.quadrotor_dynamics import Conditions

# Correlation time of gusts and of the friction along a road.
GUST_TAU_S = 0.5
# Nominal friction between tyre and road, and its lower limit.
FRICTION, SLIPPERIEST = 0.8, 0.05
# Training: ranges of the factor on friction and of the lag of the steering in s, sigma of the
# offset in rad, and the share of episodes with commands that arrive one period late.
FRICTIONS, LAGS, OFFSET, LATE_SHARE = (0.4, 1.2), (0.02, 0.1), 0.03, 0.3
# Nominal time constant of the steering: that of a hobby servo.
STEERING_LAG_S = 0.05
Vector = tuple[float, ...]


def value_at(effects: Effects, name: str, nominal: float, time_s: float) -> float:
    """Return the value of an effect at a time of the episode in s, or the nominal one."""
    effect = effects.get(name)
    return nominal if effect is None or not effect.acts(time_s) else effect.value[0]


class Gusts:
    """An Ornstein-Uhlenbeck process of unit variance, sampled once a control period."""

    def __init__(
        self, shape: tuple[int, ...], rate_hz: float, generator: np.random.Generator
    ) -> None:
        """Draw the first values, of a shape."""
        self._kept = math.exp(-1 / (rate_hz * GUST_TAU_S))
        self._fresh = math.sqrt(1 - self._kept**2)
        self._generator = generator
        self._value = generator.standard_normal(shape)

    def next(self) -> Floats:
        """Return the values of the next control period."""
        draw = self._generator.standard_normal(self._value.shape)
        self._value = self._kept * self._value + self._fresh * draw
        return self._value


class DroneDisturbances:
    """Conditions of a drone in one episode; the mismatch of its motors is drawn once."""

    def __init__(self, effects: Effects, generator: np.random.Generator) -> None:
        """Draw the mismatch of the motors."""
        self._effects = effects
        self._motors = generator.standard_normal(4)
        timed = any(e.from_s > 0 or e.to_s < math.inf for e in effects.values())
        self._varies = timed or 'battery_sag' in effects
        self._whole = self._conditions(0.0)

    def __call__(self, time_s: float) -> Conditions:
        """Return the conditions at a time of the episode in s."""
        return self._conditions(time_s) if self._varies else self._whole

    def _conditions(self, time_s: float) -> Conditions:
        mismatch = 1 + self._value('motor_mismatch', 0.0, time_s) * self._motors
        thrust = self._value('thrust', 1.0, time_s) * (1 - self._lost(time_s))
        wind = self._effects.get('wind_n')
        blows = wind is not None and wind.acts(time_s)
        return Conditions(
            mass=self._value('mass', 1.0, time_s),
            payload_kg=self._value('payload_kg', 0.0, time_s),
            thrust=thrust * mismatch,
            lag_s=self._value('motor_lag_s', 0.0, time_s),
            wind_n=np.array(wind.value if wind is not None and blows else (0.0, 0.0, 0.0)),
            gust_n=self._value('gust_n', 0.0, time_s),
            drag=self._value('drag', 1.0, time_s),
            ground_effect=self._value('ground_effect', 1.0, time_s),
        )

    def _value(self, name: str, nominal: float, time_s: float) -> float:
        return value_at(self._effects, name, nominal, time_s)

    def _lost(self, time_s: float) -> float:
        """Return the share of the thrust that a sagging battery has lost; it does not recover."""
        sag = self._effects.get('battery_sag')
        if sag is None:
            return 0.0
        return min(1.0, sag.value[0] * max(0.0, min(time_s, sag.to_s) - sag.from_s))


@dataclass(frozen=True)
class ArmConditions:
    """Payload at the tool in kg, and a constant force on it in N in the base frame."""

    payload_kg: float = 0.0
    push_n: Vector = (0.0, 0.0, 0.0)


CALM_ARM = ArmConditions()
# From the time of an episode in s to its conditions.
ArmDisturbances = Callable[[float], ArmConditions]


def arm_disturbances(effects: Effects) -> ArmDisturbances:
    """Return the conditions of an arm by the time of the episode; nothing is random."""

    def at(time_s: float) -> ArmConditions:
        acting = {name: effect.value for name, effect in effects.items() if effect.acts(time_s)}
        payload = acting.get('payload_kg', (0.0,))
        return ArmConditions(payload[0], acting.get('push_n', CALM_ARM.push_n))

    if not {'payload_kg', 'push_n'} & set(effects):
        return lambda time_s: CALM_ARM
    whole = at(0.0)
    timed = any(e.from_s > 0 or e.to_s < math.inf for e in effects.values())
    return at if timed else lambda time_s: whole


@dataclass(frozen=True)
class CarConditions:
    """Deviations from the nominal car; numbers, or arrays that broadcast over a batch.

    Attributes:
        friction: coefficient of the tyres
        payload_kg: mass at the centre of mass
        steering_lag_s: time constant of the steering
        steering_offset_rad: constant error of the steering angle
        late: which cars of a batch get their commands one control period late
    """

    friction: Array = FRICTION
    payload_kg: float = 0.0
    steering_lag_s: Array = STEERING_LAG_S
    steering_offset_rad: Array = 0.0
    late: Array = False


NOMINAL_CAR = CarConditions()


def draw_car_conditions(cars: int, generator: np.random.Generator) -> CarConditions:
    """Draw friction, lag and offset of the steering for each car of a batch."""
    return CarConditions(
        friction=FRICTION * generator.uniform(*FRICTIONS, (cars, 1)),
        steering_lag_s=generator.uniform(*LAGS, (cars, 1)),
        steering_offset_rad=OFFSET * generator.standard_normal((cars, 1)),
        late=generator.random((cars, 1)) < LATE_SHARE,
    )


class CarDisturbances:
    """Conditions of a car in one episode."""

    def __init__(self, effects: Effects, rate_hz: float, generator: np.random.Generator) -> None:
        """Prepare the random changes of the road."""
        self._effects = effects
        self._road = Gusts((1,), rate_hz, generator)

    def next(self, time_s: float) -> CarConditions:
        """Return the conditions at a time in s; called once per control period."""
        effects = self._effects
        changes = value_at(effects, 'friction_spread', 0.0, time_s) * float(self._road.next()[0])
        factor = value_at(effects, 'friction', 1.0, time_s) * (1 + changes)
        return CarConditions(
            friction=max(SLIPPERIEST, FRICTION * factor),
            payload_kg=value_at(effects, 'payload_kg', 0.0, time_s),
            steering_lag_s=value_at(effects, 'steering_lag_s', STEERING_LAG_S, time_s),
            steering_offset_rad=value_at(effects, 'steering_offset_rad', 0.0, time_s),
        )
