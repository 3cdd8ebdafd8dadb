"""Whether a chip is still as it was when it was calibrated."""

from datetime import datetime, timedelta

from pkan_control.chips.calibration.calibration import Calibration
from pkan_control.control.health import Level

# Corners of filters move by some ppm a degree, offsets by themselves: after so many degC, or so
# long, a chip is to be calibrated again; beyond twice as many it is not to be armed.
WARN_C, MOST_C = 5.0, 10.0
OLD = timedelta(hours=24)


def drift(
    calibration: Calibration, temperature_c: float | None, now: datetime
) -> list[tuple[Level, str]]:
    """Return what stands against a calibration, the worst first; an unknown temperature does not.

    `now` has a time zone, as the date of a calibration has.
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
