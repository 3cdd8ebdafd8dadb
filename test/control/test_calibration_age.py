"""Whether a calibration still holds: temperature and age, each with its thresholds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pkan_control.control.health import Level, calibration_faults

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def calibration(make_program, exact_calibration):
    date = (NOW - timedelta(hours=3)).isoformat()
    return replace(exact_calibration('sim-2', make_program((3, 2))), date=date)


@pytest.mark.parametrize(
    ('temperature_c', 'level'),
    [
        (None, None),
        (25.0, None),
        (30.0, None),
        (30.1, Level.WARN),
        (19.9, Level.WARN),
        (35.0, Level.WARN),
        (35.1, Level.ERROR),
        (14.9, Level.ERROR),
    ],
)
def test_fault_27_drift_is_a_warning_and_then_an_error(calibration, temperature_c, level):
    found = calibration_faults(calibration, temperature_c, NOW)
    assert [each for each, _ in found] == ([] if level is None else [level])
    if level is not None:
        assert f'{temperature_c} degC, calibrated at 25.0' in found[0][1]


def test_a_day_is_the_age_of_a_calibration(calibration):
    assert calibration_faults(calibration, 25.0, NOW + timedelta(hours=21)) == []
    (found,) = calibration_faults(calibration, 25.0, NOW + timedelta(hours=27))
    assert found == (Level.WARN, 'calibration is 30 h old: calibrate the chip again')
    assert calibration_faults(replace(calibration, date=''), 25.0, NOW) == []
