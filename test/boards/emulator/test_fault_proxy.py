"""The fault proxy: each fault is counted where it was made and where it is noticed."""

import math
from itertools import chain

import pytest

from pkan_control.boards.emulator.fault_plans import FaultPlan, FrameFault, Outage
from pkan_control.boards.emulator.fault_proxy import STALE_BY, FaultLine
from pkan_control.bridge.frame import Decoder, Frame, encode

FRAMES = [Frame(0x20, number, 7, bytes([number % 251]) * (number % 60)) for number in range(2000)]


def passed(
    plan: FaultPlan, chunk: int = 37, seed: int = 0
) -> tuple[FaultLine, list[Frame], Decoder]:
    line, decoder, frames = FaultLine(plan, 'up', seed), Decoder(), []
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


@pytest.mark.parametrize('fault', [FrameFault.FLIP, FrameFault.TRUNCATE, FrameFault.INSERT])
@pytest.mark.parametrize('chunk', [1, 37, 5000])
def test_damage_is_one_error_each(fault, chunk):
    line, frames, decoder = passed(FaultPlan({fault: 0.12}), chunk, 3)
    hit = line.counts[fault]
    assert 0.09 < hit / len(FRAMES) < 0.15
    assert decoder.errors.total == hit == len(FRAMES) - len(frames)
    assert set(frames) <= set(FRAMES)


def test_dropped_doubled_and_merged_frames_add_up():
    rates = {FrameFault.DROP: 0.05, FrameFault.DUPLICATE: 0.05}
    line, frames, decoder = passed(FaultPlan(rates), seed=4)
    assert (
        len(frames)
        == len(FRAMES) - line.counts[FrameFault.DROP] + line.counts[FrameFault.DUPLICATE]
    )
    assert decoder.errors.total == 0
    line, frames, decoder = passed(FaultPlan(script={10: FrameFault.MERGE, 50: FrameFault.MERGE}))
    assert line.counts == {FrameFault.MERGE: 2}
    assert (len(frames), decoder.errors.total) == (len(FRAMES) - 4, 2)


def test_a_delay_holds_back_what_follows_and_loses_nothing():
    _, frames, _ = passed(FaultPlan({FrameFault.DELAY: 0.1}), seed=5)
    assert frames == FRAMES
    late = FaultLine(FaultPlan(script={0: FrameFault.DELAY}, delay_s=1.0), 'up')
    late.put(encode(FRAMES[0]) + encode(FRAMES[1]), 0.0)
    assert late.take(0.99) == b''
    assert Decoder().feed(late.take(1.0)) == FRAMES[:2]


def test_the_same_seed_is_the_same_plan_and_directions_differ():
    plan = FaultPlan({FrameFault.FLIP: 0.1})
    assert passed(plan, seed=6)[1] == passed(plan, seed=6)[1] != passed(plan, seed=7)[1]
    up, down = (FaultLine(plan, way, 6) for way in ('up', 'down'))
    data = b''.join(map(encode, FRAMES))
    for line in (up, down):
        line.put(data, 0.0)
    assert up.take(0.0) != down.take(0.0)


def test_rates_that_are_none_are_refused(refused):
    for rate in (-0.1, 1.1):
        with refused('rates', str(rate)):
            FaultPlan({FrameFault.DROP: rate})


def test_a_stale_frame_is_an_older_one_that_comes_again():
    line, frames, decoder = passed(FaultPlan(script={100: FrameFault.STALE}))
    assert line.counts == {FrameFault.STALE: 1}
    assert frames == [*FRAMES[:101], FRAMES[100 - STALE_BY], *FRAMES[101:]]
    assert decoder.errors.total == 0


def test_a_strike_hits_the_next_frame_that_is_meant_and_no_other():
    line = FaultLine(FaultPlan(), 'up')
    line.strike(FrameFault.DROP, lambda piece: Decoder().feed(piece + b'\0')[0].sequence == 7)
    line.strike(FrameFault.DROP)
    line.put(b''.join(map(encode, FRAMES[:20])), 0.0)
    assert Decoder().feed(line.take(0.0)) == [*FRAMES[:7], *FRAMES[9:20]]


def test_in_an_outage_frames_are_lost_or_come_after_it():
    for stalled, kept in ((False, [0, 3]), (True, [0, 1, 2, 3])):
        plan = FaultPlan(outages=(Outage(1.0, 2.0, stalled),))
        line, decoder, heard = FaultLine(plan, 'up'), Decoder(), {}
        for number, time_s in enumerate((0.5, 1.0, 1.999, 2.0)):
            line.put(encode(FRAMES[number]), time_s)
            heard[time_s] = decoder.feed(line.take(time_s))
        assert list(chain(*heard.values())) == [FRAMES[number] for number in kept]
        assert heard[1.0] == heard[1.999] == []
        assert line.lost == 4 - len(kept)


def test_what_is_due_next_is_known():
    line = FaultLine(FaultPlan(delay_s=0.5, script={0: FrameFault.DELAY}), 'up')
    assert line.next_s == math.inf
    line.put(encode(FRAMES[0]), 1.0)
    assert line.next_s == 1.5
    line.fail(Outage(1.2, 3.0, True))
    assert line.next_s == 3.0
    assert line.take(2.999) == b''
    assert line.take(3.0) == encode(FRAMES[0])


def test_an_outage_that_ends_before_it_begins_is_refused(refused):
    with refused('end_s: 1.0 s is not after begin_s, 2.0 s'):
        FaultPlan(outages=(Outage(2.0, 1.0),))


def test_a_paced_line_takes_its_time_for_each_byte():
    line, data = FaultLine(FaultPlan(baud=115200), 'up'), encode(FRAMES[30]) * 3
    line.put(data, 1.0)
    lasts_s = 10 * len(data) / 115200
    assert line.take(1.0 + 0.99 * lasts_s / 3) == b''
    assert line.take(1.0 + 1.01 * lasts_s / 3) == encode(FRAMES[30])
    line.put(data, 1.0 + lasts_s / 2)
    assert line.take(1.0 + 1.99 * lasts_s) == encode(FRAMES[30]) * 4
    assert line.take(1.0 + 2.01 * lasts_s) == encode(FRAMES[30])
