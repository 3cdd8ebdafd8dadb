"""What a board told of itself without being asked, for people."""

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
    """Return what came in the last telemetry and evaluation, and what the link counted."""
    told = link.events.telemetry
    counters = {**link.statistics.counters(), 'link clock offset [us]': link.clock.offset_us}
    found = [text for flag, text in FLAGS.items() if flags & flag]
    if told is None:
        return Condition(None, tuple(found), counters)
    found += [text for fault, text in FAULTS.items() if told.faults & fault]
    counters |= {
        'board frames damaged': told.crc_errors + told.cobs_errors,
        'board deadlines missed': told.deadline_misses,
        'board supply [mV]': told.vdd_mv,
    }
    return Condition(told.chip_temperature / 100, tuple(found), counters)
