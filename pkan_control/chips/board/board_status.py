"""Diagnostics of a board from its telemetry, its last evaluation and the counters of its link."""

from pkan_control.bridge.codes import BoardFault, EvaluationFlag
from pkan_control.bridge.link import Link
from pkan_control.chips.chip import Condition

FLAGS = {
    EvaluationFlag.SATURATED: 'an output is at a rail',
    EvaluationFlag.NOT_SETTLED: 'outputs were read before they had settled',
    EvaluationFlag.INPUT_CLIPPED: 'an input was out of range',
    EvaluationFlag.TEMPERATURE: 'its temperature is outside its calibration',
    EvaluationFlag.STALE_TRIM: 'its stored trims are of another program',
    EvaluationFlag.DEAD_ELEMENT: 'an element in the path is dead',
}
FAULTS = {
    BoardFault.HARDWARE: 'its hardware failed',
    BoardFault.TEMPERATURE: 'it is too hot',
    BoardFault.SUPPLY: 'its supply is out of range',
}


def condition(link: Link, flags: int) -> Condition:
    """Return the condition of a board; `flags` are those of its last evaluation."""
    telemetry = link.events.telemetry
    counters = {**link.statistics.counters(), 'link clock offset [us]': link.clock.offset_us}
    warnings = [text for flag, text in FLAGS.items() if flags & flag]
    if telemetry is None:
        return Condition(None, tuple(warnings), counters)
    warnings += [text for fault, text in FAULTS.items() if telemetry.faults & fault]
    counters |= {
        'board frames damaged': telemetry.crc_errors + telemetry.cobs_errors,
        'board deadlines missed': telemetry.deadline_misses,
        'board supply [mV]': telemetry.vdd_mv,
    }
    return Condition(telemetry.chip_temperature / 100, tuple(warnings), counters)
