"""The law of a maximum-power-point tracker: points of a curve, and the step that a network takes.

The law goes to a usual voltage, then to a second one: to a far lower one where so little current
flows that fewer modules may give more power. From two points of the curve the network says the
next step, from there and the last point the next, until it stays. It stays until another current
shows that the light has changed.
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
# A command moves the voltage by at most so much.
STEP_V = 30.0
COMMAND = Terms([Signal('step', 'V', '', STEP_V, clip=1.0)])
TO_FIRST, TO_SECOND, SEEK, HOLD = range(4)
THERE_V = 0.01
# Points closer than this are not told apart; below so little current, as if there were so much.
APART_V, LEAST_A = 0.05, 0.1


class SolarMemory(Layout):
    """Memory of the tracker's law."""

    # One of the phases above, and the second voltage in V.
    phase = Field(1)
    second_v = Field(1)
    # The point of the last step.
    from_v = Field(1)
    from_a = Field(1)
    # Current in A where it stays.
    held_a = Field(1)


def secant_observation(voltage: Array, current: Array, from_v: Array, from_a: Array) -> Array:
    """Return the observation `[..., 4]` of points `[..., 1]` in V and A, and of those before them.

    The third number is the change of power with voltage, each as a share: `V dP / (P dV)` of the
    secant, 0 at the top.
    """
    xp = namespace(voltage)
    moved = voltage - from_v
    apart = xp.where(abs(moved) < APART_V, 0 * moved + APART_V, moved)
    rise = 1 + voltage * (current - from_a) / apart / xp.maximum(current, 0 * current + LEAST_A)
    return xp.concat([voltage, current, rise, moved], axis=-1)


@dataclass(frozen=True)
class SolarLaw:
    """A state is `[..., n]` and begins with voltage, current, last step, power.

    What follows belongs to the simulation. A goal is empty, `[..., 0]`. The command `[..., 1]` is
    the voltage step in V.
    """

    rate_hz: float = 10.0
    # The voltages that come first, and second where more current than that flows at the first, or
    # less: those of most power on training episodes, `python benchmark/solar_voltages.py`.
    first_v: float = 118.0
    second_v: float = 124.0
    scout_v: float = 88.0
    scout_a: float = 4.2
    # It stays where the network would step by less; from afar, it first has a look so close by.
    stay_v: float = 0.5
    close_v: float = 4.0
    look_v: float = 1.5
    # The change of current that starts anew: a share and in A.
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
        """Refuse numbers that mean nothing."""
        for name, value in asdict(self).items():
            if not 0 < value < math.inf:
                raise ValueError(f'{name}={value!r}: must be positive and finite')

    def start(self, state: Array) -> Array:
        """Return the memory `[..., 5]` of one that has been nowhere."""
        return namespace(state).concat([0 * state[..., :1]] * SolarMemory.size, axis=-1)

    def second(self, current: Array) -> Array:
        """Return the second voltage in V for the current in A at the first."""
        xp = namespace(current)
        low, high = 0 * current + self.scout_v, 0 * current + self.second_v
        return xp.where(current < self.scout_a, low, high)

    def observe(self, memory: Array, state: Array, goal: Array) -> tuple[Array, Array]:
        """Return the memory, and what `secant_observation` says of the point, `[..., 4]`."""
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
        """Return the memory, and the step in V to a voltage of the law's or the network's."""
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
        """Return the step in V that the network wants, or a look close by, and where it stays."""
        xp = namespace(voltage)
        close = abs(voltage - from_v) <= self.close_v
        look = xp.where(wanted < 0, 0 * wanted - self.look_v, 0 * wanted + self.look_v)
        step = xp.where(~close & (abs(wanted) < self.look_v), look, wanted)
        return step, abs(step) < self.stay_v

    def hold(self, state: Floats) -> Floats:
        """Return an empty goal."""
        return np.zeros(0)

    def safe_command(self) -> Floats:
        """Return no step: the voltage stays."""
        return np.zeros(1)

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> 'SolarLaw':
        """Return the law whose parameters a JSON object holds."""
        return cls(**values)


class MeasuredLaw(SolarLaw):
    """Voltage and power as they are, and a step as it is: what usual trackers work with."""

    observation = Terms([Signal('voltage', 'V', '', 200.0), Signal('power', 'W', '', 1000.0)])
    output = COMMAND

    def observe(self, memory: Array, state: Array, goal: Array) -> tuple[Array, Array]:
        """Return voltage and power, `[..., 2]`."""
        return memory, namespace(state).stack([state[..., 0], state[..., 3]], axis=-1)

    def act(self, memory: Array, state: Array, action: Array) -> tuple[Array, Array]:
        """Return the step in V as it is."""
        return memory, action
