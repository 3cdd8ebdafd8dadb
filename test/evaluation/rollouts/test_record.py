"""Records as JSON, the hash over them, and the figures of a rollout."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pkan_control.evaluation.rollouts.record import (
    EpisodeRecord,
    read_records,
    rollout_hash,
    summary,
)
from pkan_control.tasks.task import Score

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def record(number=0, states=None, settling=1.0, error=0.01, success=True, took=(1000, 3000)):
    states = np.arange(39.0).reshape(3, 13) / 7 if states is None else states
    score = Score(success, {'final_error_m': error, 'settling_time_s': settling})
    commands, took_ns = np.full((2, 4), 1 / 3), np.array(took, dtype=np.int64)
    goals = np.full((3, 3), 1 / 7)
    return EpisodeRecord(
        'drone_hover', 7, number, 50.0, states, goals, commands, took_ns, 0.02, score
    )


def same(a: EpisodeRecord, b: EpisodeRecord) -> bool:
    for field in dataclasses.fields(EpisodeRecord):
        x, y = getattr(a, field.name), getattr(b, field.name)
        if isinstance(x, np.ndarray):
            if x.tobytes() != y.tobytes() or x.dtype != y.dtype or x.shape != y.shape:
                return False
        elif x != y:
            return False
    return True


@given(arrays(np.float64, (3, 13), elements=FINITE), st.one_of(st.floats(0, 6), st.just(math.inf)))
def test_json_keeps_every_bit(states, settling):
    written = record(states=states, settling=settling)
    line = written.to_json()
    assert '\n' not in line
    assert same(EpisodeRecord.from_json(line), written)


def test_states_that_are_not_finite_cannot_be_written():
    with pytest.raises(ValueError, match='JSON'):
        record(states=np.full((3, 13), math.nan)).to_json()


def test_a_line_that_is_not_whole_yet_is_left_out(tmp_path):
    path = tmp_path / 'flights.jsonl'
    assert read_records(path) == []
    lines = [record(number).to_json() + '\n' for number in range(3)]
    path.write_text(''.join(lines)[:-1])
    assert [r.number for r in read_records(path)] == [0, 1]
    path.write_text(''.join(lines))
    assert [r.number for r in read_records(path)] == [0, 1, 2]
    path.write_text(lines[0][:100])
    assert read_records(path) == []


@pytest.mark.parametrize(
    'line', [' ', 'nonsense', '[]', '{}', '7', 'null', '{"score": 1}', '{"score": {}}']
)
def test_garbage_is_refused(tmp_path, refused, line):
    path = tmp_path / 'flights.jsonl'
    path.write_text(f'{record().to_json()}\n{line}\n')
    with refused(str(path), 'not a file of episodes'):
        read_records(path)


def test_a_field_too_many_or_too_few_is_refused(tmp_path, refused):
    line = record().to_json()
    for damaged in (line.replace('"number"', '"nombre"'), line.replace('"seed": 7, ', '')):
        assert damaged != line
        (tmp_path / 'x').write_text(damaged + '\n')
        with refused('not a file of episodes'):
            read_records(tmp_path / 'x')


def test_the_hash_covers_every_bit_of_states_and_commands_and_their_order():
    one, other = record(0), record(1, states=np.ones((3, 13)))
    nudged = record(0, states=np.nextafter(one.states, 1e3))
    turned = dataclasses.replace(one, commands=-one.commands)
    hashes = {
        rollout_hash(r) for r in ([one], [other], [one, other], [other, one], [nudged], [turned])
    }
    assert len(hashes) == 6


def test_the_hash_leaves_times_out():
    one = record(0)
    slow = dataclasses.replace(one, wall_s=9.0, took_ns=one.took_ns * 5)
    strided = dataclasses.replace(one, states=np.asfortranarray(one.states))
    assert rollout_hash([one]) == rollout_hash([slow]) == rollout_hash([strided])


def test_figures():
    records = [
        record(0, error=0.01, settling=1.0, took=(1000, 2000)),
        record(1, error=0.02, settling=2.0, took=(3000, 4000)),
        record(2, error=0.90, settling=math.inf, took=(5000, 99000), success=False),
    ]
    figures = summary(records)
    assert figures['success_rate'] == pytest.approx(2 / 3)
    assert figures['final_error_m'] == {'median': 0.02, 'p95': 0.9}
    assert figures['settling_time_s'] == {'median': 2.0, 'p95': None}
    assert figures['inference_us'] == {'median': 3.0, 'p99': 99.0}
    assert figures['real_time_factor'] == pytest.approx(2.0)
    assert figures['hash'] == rollout_hash(records)


@pytest.mark.parametrize(('times', 'median'), [((1, math.inf, math.inf), None), ((1, 2), 1)])
def test_a_median_is_one_that_occurred_or_none_where_most_never_settled(times, median):
    assert summary([record(settling=t) for t in times])['settling_time_s']['median'] == median


def test_an_unknown_error_counts_as_the_worst():
    figures = summary([record(error=e) for e in (math.nan, 0.01, 0.02)])
    assert figures['final_error_m'] == {'median': 0.02, 'p95': None}
