"""The law of a maximum-power-point tracker: two probes, and what the network makes of them.

The currents of a string at two voltages near its usual best point tell how its modules are shaded.
The law goes to both, remembers what flowed there, lets the network say the voltage, and stays
until another current shows that the light has changed.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pkan_control.arrays import Array, Floats, namespace
from pkan_control.controller.signals import Signal, Terms

STATE = ('voltage_v', 'current_a', 'last_step_v', 'power_w')
# A command moves the voltage by at most so much.
STEP_V = 30.0
COMMAND = Terms([Signal('step', 'V', '', STEP_V, clip=1.0)])
# What the law remembers: what it is at, the currents of both probes in A, the voltage that was
# chosen, and the current there.
PHASE, LOW, HIGH, CHOSEN, HELD = range(5)
TO_LOW, TO_HIGH, TO_CHOSEN, HOLD = range(4)
THERE_V = 0.01


@dataclass(frozen=True)
class SolarLaw:
    """A state is `[..., n]` and begins with voltage, current, last step, power.

    What follows belongs to the simulation. A goal is empty, `[..., 0]`. The command `[..., 1]` is
    the voltage step in V.
    """

    rate_hz: float = 10.0
    # The voltages that are probed, and the change of current that starts anew: a share and in A.
    low_v: float = 112.0
    high_v: float = 124.0
    change: float = 0.02
    change_a: float = 0.05

    name = 'solar'
    state_names = STATE
    goal_names = ()
    observation = Terms([Signal(f'current_{at}', 'A', '', 2.5, 5.5) for at in ('low', 'high')])
    output = Terms([Signal('voltage', 'V', '', STEP_V, 110.0, clip=2.0)])
    command = COMMAND

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        for name, value in asdict(self).items():
            if not 0 < value < math.inf:
                raise ValueError(f'{name}={value!r}: must be positive and finite')

    def start(self, state: Array) -> Array:
        """Return the memory `[..., 5]` of one that has probed nothing."""
        return namespace(state).concat([0 * state[..., :4], 0 * state[..., :1]], axis=-1)

    def observe(self, memory: Array, state: Array, goal: Array) -> tuple[Array, Array]:
        """Return the memory, and the currents `[..., 2]` in A at both probes."""
        xp = namespace(state)
        phase, low, high, chosen, held = (memory[..., i] for i in range(5))
        voltage, current = state[..., 0], state[..., 1]
        at_low = (phase == TO_LOW) & (abs(voltage - self.low_v) < THERE_V)
        at_high = (phase == TO_HIGH) & (abs(voltage - self.high_v) < THERE_V)
        arrived = (phase == TO_CHOSEN) & (abs(voltage - chosen) < THERE_V)
        other = abs(current - held) > self.change * held + self.change_a
        changed = (phase == HOLD) & other
        low, high = xp.where(at_low, current, low), xp.where(at_high, current, high)
        held = xp.where(arrived, current, held)
        phase = phase + xp.astype(at_low | at_high | arrived, phase.dtype)
        phase = xp.where(changed, 0 * phase, phase)
        kept = xp.stack([phase, low, high, chosen, held], axis=-1)
        return kept, xp.stack([low, high], axis=-1)

    def act(self, memory: Array, state: Array, action: Array) -> tuple[Array, Array]:
        """Return the memory, and the step in V to a probe or the network's voltage."""
        xp = namespace(state)
        phase = memory[..., PHASE]
        wanted = xp.where(phase == TO_LOW, 0 * phase + self.low_v, 0 * phase + self.high_v)
        wanted = xp.where(phase >= TO_CHOSEN, action[..., 0], wanted)
        step = xp.clip(wanted - state[..., 0], -STEP_V, STEP_V)
        parts = [memory[..., :CHOSEN], wanted[..., None], memory[..., HELD:]]
        return xp.concat(parts, axis=-1), step[..., None]

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
