"""Validity of a calibration: change of temperature, and age."""

from datetime import datetime, timedelta

from pkan_control.chips.calibration.calibration import Calibration
from pkan_control.control.health import Level

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
