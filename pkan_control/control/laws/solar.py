"""The law of a maximum-power-point tracker: measured points of a power curve, steps of a network.

The law sets a first voltage, then a second one: a far lower one where the current is so small that
fewer modules may give more power. From then on the network maps the last two points of the curve
to the next voltage step, until the step is small. The voltage is then held, until a change of the
current shows that the light has changed.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.control.laws.layout import Field, Layout
from pkan_control.control.signals import Signal, Terms

STATE = ('voltage_v', 'current_a', 'last_step_v', 'power_w')
VOLTAGE, CURRENT = slice(0, 1), slice(1, 2)
# Largest voltage step.
STEP_V = 30.0
COMMAND = Terms([Signal('step', 'V', '', STEP_V, clip=1.0)])
# Phases: on the way to the first and to the second voltage, searching, holding.
TO_FIRST, TO_SECOND, SEEK, HOLD = range(4)
# Tolerance at which a voltage is reached.
THERE_V = 0.01
# Least distance of two points, and least current, in the slope of the power curve.
APART_V, LEAST_A = 0.05, 0.1


class SolarMemory(Layout):
    """Memory of the tracker's law."""

    # One of the phases above, and the second voltage in V.
    phase = Field(1)
    second_v = Field(1)
    # Point before the last step, in V and A.
    from_v = Field(1)
    from_a = Field(1)
    # Current in A when holding began.
    held_a = Field(1)


def secant_observation(voltage: Array, current: Array, from_v: Array, from_a: Array) -> Array:
    """Return the observation `[..., 4]` of points `[..., 1]` in V and A and those before them.

    Voltage, current, the relative slope `V dP / (P dV)` of the secant, which is 0 at the maximum
    of the power, and the last step.
    """
    xp = namespace(voltage)
    moved = voltage - from_v
    apart = xp.where(abs(moved) < APART_V, 0 * moved + APART_V, moved)
    rise = 1 + voltage * (current - from_a) / apart / xp.maximum(current, 0 * current + LEAST_A)
    return xp.concat([voltage, current, rise, moved], axis=-1)


@dataclass(frozen=True)
class SolarLaw:
    """A state `[..., n]` begins with voltage in V, current in A, last step in V, power in W.

    Further values belong to the simulation. A goal is empty, `[..., 0]`. The command `[..., 1]` is
    a voltage step in V.
    """

    rate_hz: float = 10.0
    # First voltage, and second voltage for a current at the first above and below `scout_a`: those
    # of the highest power on training episodes, by `python benchmark/solar_voltages.py`.
    first_v: float = 118.0
    second_v: float = 124.0
    scout_v: float = 88.0
    scout_a: float = 4.2
    # The voltage is held for a smaller step. A step below `look_v` from a point farther away than
    # `close_v` becomes a step of `look_v`, to measure the slope nearby.
    stay_v: float = 0.5
    close_v: float = 4.0
    look_v: float = 1.5
    # Change of current that ends holding: a share, and in A.
    change: float = 0.005
    change_a: float = 0.01

    name = 'solar'
    state_names = STATE
    goal_names = ()
    observation = Terms(
        [
            Signal('voltage', 'V', '', 25.0, 115.0),
            Signal('current', 'A', '', 2.5, 5.5),
            Signal('rise', '', '', 3.0, clip=1.5),
            Signal('moved', 'V', '', 20.0, clip=1.5),
        ]
    )
    output = COMMAND
    command = COMMAND

    def __post_init__(self) -> None:
        """Raise a `ValueError` for a parameter out of range."""
        for name, value in asdict(self).items():
            if not 0 < value < math.inf:
                raise ValueError(f'{name}={value!r}: must be positive and finite')

    def start(self, state: Array) -> Array:
        """Return the memory `[..., 5]` before the first point."""
        return namespace(state).concat([0 * state[..., :1]] * SolarMemory.size, axis=-1)

    def second(self, current: Array) -> Array:
        """Return the second voltage in V for the current in A at the first."""
        xp = namespace(current)
        low, high = 0 * current + self.scout_v, 0 * current + self.second_v
        return xp.where(current < self.scout_a, low, high)

    def observe(self, memory: Array, state: Array, goal: Array) -> tuple[Array, Array]:
        """Return the memory, and the `secant_observation` `[..., 4]`."""
        xp = namespace(state)
        phase, held = memory[..., SolarMemory.phase], memory[..., SolarMemory.held_a]
        voltage, current = state[..., VOLTAGE], state[..., CURRENT]
        changed = (phase == HOLD) & (abs(current - held) > self.change * held + self.change_a)
        phase = xp.where(changed, 0 * phase + TO_FIRST, phase)
        at_first = (phase == TO_FIRST) & (abs(voltage - self.first_v) < THERE_V)
        second = xp.where(at_first, self.second(current), memory[..., SolarMemory.second_v])
        at_second = (phase == TO_SECOND) & (abs(voltage - second) < THERE_V)
        phase = phase + xp.astype(at_first | at_second, phase.dtype)
        from_v, from_a = memory[..., SolarMemory.from_v], memory[..., SolarMemory.from_a]
        memory = SolarMemory.replace(memory, phase=phase, second_v=second)
        return memory, secant_observation(voltage, current, from_v, from_a)

    def act(self, memory: Array, state: Array, action: Array) -> tuple[Array, Array]:
        """Return the memory, and the step in V `[..., 1]` of the law or of the network."""
        xp = namespace(state)
        phase, second = memory[..., SolarMemory.phase], memory[..., SolarMemory.second_v]
        from_v, from_a = memory[..., SolarMemory.from_v], memory[..., SolarMemory.from_a]
        voltage, current = state[..., VOLTAGE], state[..., CURRENT]
        sought, settled = self._sought(voltage, from_v, action)
        settled = settled & (phase == SEEK)
        step = xp.where(phase == TO_FIRST, self.first_v - voltage, second - voltage)
        step = xp.where(phase == SEEK, sought, step)
        step = xp.where(settled | (phase == HOLD), 0 * step, xp.clip(step, -STEP_V, STEP_V))
        moves = abs(step) > 0
        memory = SolarMemory.replace(
            memory,
            phase=xp.where(settled, 0 * phase + HOLD, phase),
            from_v=xp.where(moves, voltage, from_v),
            from_a=xp.where(moves, current, from_a),
            held_a=xp.where(settled, current, memory[..., SolarMemory.held_a]),
        )
        return memory, step

    def _sought(self, voltage: Array, from_v: Array, wanted: Array) -> tuple[Array, Array]:
        """Return the step in V of the network, or one to measure nearby, and whether to hold."""
        xp = namespace(voltage)
        close = abs(voltage - from_v) <= self.close_v
        look = xp.where(wanted < 0, 0 * wanted - self.look_v, 0 * wanted + self.look_v)
        step = xp.where(~close & (abs(wanted) < self.look_v), look, wanted)
        return step, abs(step) < self.stay_v

    def hold(self, state: Floats) -> Floats:
        """Return an empty goal."""
        return np.zeros(0)

    def safe_command(self) -> Floats:
        """Return a step of 0: the voltage is held."""
        return np.zeros(1)

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> 'SolarLaw':
        """Return the law whose parameters a JSON object holds."""
        return cls(**values)


class MeasuredLaw(SolarLaw):
    """Voltage and power as observation, and a step as output: the law of reference trackers."""

    observation = Terms([Signal('voltage', 'V', '', 200.0), Signal('power', 'W', '', 1000.0)])
    output = COMMAND

    def observe(self, memory: Array, state: Array, goal: Array) -> tuple[Array, Array]:
        """Return voltage and power, `[..., 2]`."""
        return memory, namespace(state).stack([state[..., 0], state[..., 3]], axis=-1)

    def act(self, memory: Array, state: Array, action: Array) -> tuple[Array, Array]:
        """Return the step in V."""
        return memory, action
