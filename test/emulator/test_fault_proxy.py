"""The fault proxy: each fault is counted where it was made and where it is noticed."""

import pytest

from pkan_control.bridge.frame import Decoder, Frame, encode
from pkan_control.emulator.fault_proxy import Fault, FaultLine, FaultPlan

FRAMES = [Frame(0x20, number, 7, bytes([number % 251]) * (number % 60)) for number in range(2000)]


def passed(plan: FaultPlan, chunk: int = 37) -> tuple[FaultLine, list[Frame], Decoder]:
    line, decoder, frames = FaultLine(plan, 'up'), Decoder(), []
    data = b''.join(map(encode, FRAMES))
    for number, start in enumerate(range(0, len(data), chunk)):
        line.put(data[start : start + chunk], number * 1e-3)
        frames += decoder.feed(line.take(number * 1e-3))
    return line, frames + decoder.feed(line.take(1e9)), decoder


def test_without_faults_all_passes_as_it_is():
    line, frames, decoder = passed(FaultPlan())
    assert frames == FRAMES
    assert line.frames == len(FRAMES)
    assert not line.counts
    assert decoder.errors.total == 0


@pytest.mark.parametrize('fault', [Fault.FLIP, Fault.TRUNCATE, Fault.INSERT])
@pytest.mark.parametrize('chunk', [1, 37, 5000])
def test_damage_is_one_error_each(fault, chunk):
    line, frames, decoder = passed(FaultPlan(3, {fault: 0.12}), chunk)
    hit = line.counts[fault]
    assert 0.09 < hit / len(FRAMES) < 0.15
    assert decoder.errors.total == hit == len(FRAMES) - len(frames)
    assert set(frames) <= set(FRAMES)


def test_dropped_doubled_and_merged_frames_add_up():
    rates = {Fault.DROP: 0.05, Fault.DUPLICATE: 0.05}
    line, frames, decoder = passed(FaultPlan(4, rates))
    assert len(frames) == len(FRAMES) - line.counts[Fault.DROP] + line.counts[Fault.DUPLICATE]
    assert decoder.errors.total == 0
    line, frames, decoder = passed(FaultPlan(script={10: Fault.MERGE, 50: Fault.MERGE}))
    assert line.counts == {Fault.MERGE: 2}
    assert (len(frames), decoder.errors.total) == (len(FRAMES) - 4, 2)


def test_a_delay_holds_back_what_follows_and_loses_nothing():
    _, frames, _ = passed(FaultPlan(5, {Fault.DELAY: 0.1}))
    assert frames == FRAMES
    late = FaultLine(FaultPlan(script={0: Fault.DELAY}, delay_s=1.0), 'up')
    late.put(encode(FRAMES[0]) + encode(FRAMES[1]), 0.0)
    assert late.take(0.99) == b''
    assert Decoder().feed(late.take(1.0)) == FRAMES[:2]


def test_the_same_seed_is_the_same_plan_and_directions_differ():
    plan = FaultPlan(6, {Fault.FLIP: 0.1})
    assert passed(plan)[1] == passed(plan)[1] != passed(FaultPlan(7, {Fault.FLIP: 0.1}))[1]
    up, down = (FaultLine(plan, way) for way in ('up', 'down'))
    data = b''.join(map(encode, FRAMES))
    for line in (up, down):
        line.put(data, 0.0)
    assert up.take(0.0) != down.take(0.0)


def test_rates_that_are_none_are_refused(refused):
    for rate in (-0.1, 1.1):
        with refused('rates', str(rate)):
            FaultPlan(0, {Fault.DROP: rate})
