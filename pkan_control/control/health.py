"""Health of a running controller: levels of diagnostics from the counters of its supervisor."""

from dataclasses import dataclass
from enum import IntEnum

from pkan_control.control.supervisor import Counters


class Level(IntEnum):
    """Levels of diagnostic_msgs/DiagnosticStatus."""

    OK = 0
    WARN = 1
    ERROR = 2


@dataclass(frozen=True)
class Symptom:
    """A counter, its description, and the share of the ticks above which it is an error."""

    counter: str
    text: str
    error: float


# Any occurrence is a warning. Shares are of at least so many ticks: one fault in the first two
# ticks is no error.
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
    """Return level and text of each symptom between two states of the counters, worst first."""
    ticks = max(now.ticks - before.ticks, 1)
    found = []
    for symptom in SYMPTOMS:
        count = getattr(now, symptom.counter) - getattr(before, symptom.counter)
        if count:
            level = Level.ERROR if count > symptom.error * max(ticks, FEW) else Level.WARN
            found.append((level, f'{symptom.text}: {count} of {ticks}'))
    return sorted(found, key=lambda each: -each[0])
