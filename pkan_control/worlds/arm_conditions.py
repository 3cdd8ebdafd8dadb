"""What differs from the nominal arm, at a time of an episode."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from pkan_control.scenarios import Effects

Vector = tuple[float, ...]


@dataclass(frozen=True)
class ArmConditions:
    """A load at the tool in kg, and a steady force on it in N in the base frame."""

    payload_kg: float = 0.0
    push_n: Vector = (0.0, 0.0, 0.0)


CALM = ArmConditions()
# The conditions of an episode by its time in s.
ArmCourse = Callable[[float], ArmConditions]


def arm_course(effects: Effects) -> ArmCourse:
    """Return how conditions go in an episode; nothing of them is drawn."""

    def at(time_s: float) -> ArmConditions:
        acting = {name: effect.value for name, effect in effects.items() if effect.acts(time_s)}
        payload = acting.get('payload_kg', (0.0,))
        return ArmConditions(payload[0], acting.get('push_n', CALM.push_n))

    if not {'payload_kg', 'push_n'} & set(effects):
        return lambda time_s: CALM
    whole = at(0.0)
    timed = any(e.from_s > 0 or e.to_s < math.inf for e in effects.values())
    return at if timed else lambda time_s: whole
