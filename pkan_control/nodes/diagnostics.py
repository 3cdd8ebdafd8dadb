"""What a controller tells about itself once a second; units stand in the keys."""

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from pkan_control.controller.pilot import Pilot


def status(name: str, active: bool, pilot: Pilot) -> DiagnosticStatus:
    """Return the state of a pilot: OK while it commands, WARN where an input is missing."""
    counters = pilot.counters
    took_us = np.array(counters.inference_ns or [0]) / 1e3
    counters.inference_ns.clear()
    values = {
        'commands': counters.commands,
        'states rejected (not finite)': pilot.state.rejected,
        'goals rejected (not finite)': pilot.goal.rejected,
        'states refused (age, stamp, missing input)': counters.refused,
        'commands clipped': counters.clipped,
        'commands not finite': counters.not_finite,
        'evaluations missed by the chip': counters.chip_missed,
        'resets after a jump of time': counters.resets,
        'watchdog fired': counters.watchdog,
        'inference p50 [us]': f'{np.quantile(took_us, 0.5):.0f}',
        'inference p99 [us]': f'{np.quantile(took_us, 0.99):.0f}',
    }
    ready = not pilot.reason
    summary = (pilot.reason or 'commanding') if active else 'not active'
    level = DiagnosticStatus.OK if ready or not active else DiagnosticStatus.WARN
    pairs = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
    return DiagnosticStatus(level=level, name=name, message=summary, values=pairs)
