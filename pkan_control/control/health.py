"""How well a supervisor does, from what it counted since it was looked at last."""

from dataclasses import dataclass
from enum import IntEnum

from pkan_control.control.supervisor import Counters


class Level(IntEnum):
    """As in diagnostic_msgs/DiagnosticStatus."""

    OK = 0
    WARN = 1
    ERROR = 2


@dataclass(frozen=True)
class Symptom:
    """A counter whose share of the ticks is watched; beyond `error` it is more than a warning."""

    counter: str
    text: str
    error: float


# Any occurrence is a warning. A share is one of at least so many ticks: what happened once in the
# first two says nothing about a share.
FEW = 20
SYMPTOMS = (
    Symptom('clipped', 'commands clipped', 0.5),
    Symptom('slewed', 'commands limited in their rate', 0.5),
    Symptom('not_finite', 'commands not finite', 0.0),
    Symptom('chip_missed', 'evaluations missed by the chip', 0.1),
    Symptom('overruns', 'ticks missed', 0.1),
    Symptom('late', 'evaluations slower than their deadline', 0.1),
)


def judge(before: Counters, now: Counters) -> list[tuple[Level, str]]:
    """Return what went wrong between two looks at the counters, the worst first."""
    ticks = max(now.ticks - before.ticks, 1)
    found = []
    for symptom in SYMPTOMS:
        count = getattr(now, symptom.counter) - getattr(before, symptom.counter)
        if count:
            level = Level.ERROR if count > symptom.error * max(ticks, FEW) else Level.WARN
            found.append((level, f'{symptom.text}: {count} of {ticks}'))
    return sorted(found, key=lambda each: -each[0])
