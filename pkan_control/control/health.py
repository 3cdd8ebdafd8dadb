"""Health of a running controller: levels of diagnostics from the counters of its supervisor."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from pkan_control.chips.calibration.calibration import Calibration
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


# Corners of filters change by some ppm/degC, and offsets drift. Above the first change of
# temperature, or the age, a chip needs a new calibration; above the second it must not be armed.
WARN_C, MOST_C = 5.0, 10.0
OLD = timedelta(hours=24)


def calibration_faults(
    calibration: Calibration, temperature_c: float | None, now: datetime
) -> list[tuple[Level, str]]:
    """Return level and text of each fault of a calibration, worst first.

    `temperature_c` is that of the chip in degC, None where it is unknown; `now` has a time zone.
    """
    found = []
    apart = 0.0 if temperature_c is None else abs(temperature_c - calibration.temperature_c)
    if apart > WARN_C:
        level = Level.ERROR if apart > MOST_C else Level.WARN
        text = f'chip at {temperature_c:.1f} degC, calibrated at {calibration.temperature_c:.1f}'
        found.append((level, f'{text}: calibrate it again'))
    age = now - datetime.fromisoformat(calibration.date) if calibration.date else timedelta()
    if age > OLD:
        hours = age.total_seconds() / 3600
        found.append((Level.WARN, f'calibration is {hours:.0f} h old: calibrate the chip again'))
    return found
