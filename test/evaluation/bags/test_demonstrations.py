"""From recordings of any shape come the states, and the actions that were behind the commands."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rosbags.rosbag2 import StoragePlugin
from user_bag import BEGIN_NS, JOINTS, flown, jittered, write

from pkan_control.common.errors import UserError
from pkan_control.evaluation.bags import messages
from pkan_control.evaluation.bags.demonstrations import read_demonstrations
from pkan_control.evaluation.rollouts.rollout import Plan, run_expert
from pkan_control.tasks.task import find_task

TASK = find_task('drone_hover')
LAW = TASK.law


def read(folder: Path, **names: str):
    return read_demonstrations(folder, LAW, names, lambda done, total: None)


def of_expert(lessons) -> np.ndarray:
    """Return what the expert would do for what the lessons' network would see."""
    values = LAW.observation.denormalise(lessons.observations)
    return LAW.output.normalise(TASK.expert(values))


@pytest.fixture(scope='module')
def calm():
    """Return three flights of the expert in calm air, 18 s."""
    return run_expert(Plan(TASK, 3, 5), lambda done: None)


@pytest.fixture
def reference(calm, tmp_path):
    """Return the lessons of those flights, recorded without any trouble."""
    for number, record in enumerate(calm):
        write(tmp_path / 'reference' / str(number), flown(record))
    lessons, _ = read(tmp_path / 'reference')
    return lessons


def test_the_actions_of_a_recorded_controller_come_back(recorded):
    lessons, source = read(recorded)
    assert (source.recordings, source.flights, source.gaps) == (5, 5, 0)
    assert source.usable_s == source.seconds == 30
    # Where the rotors meet a limit, the command does not tell what was wanted; the lead of the
    # law forgets that within a second.
    inside = ((lessons.commands > 0) & (lessons.commands < LAW.airframe.max_speed)).all(axis=1)
    clipped = (np.abs(lessons.observations) >= 3).any(axis=1)
    told = np.array([inside[max(0, i - i % 300, i - 50) : i + 1].all() for i in range(1500)])
    free = told & ~clipped
    assert free.mean() > 0.5
    np.testing.assert_allclose(lessons.actions[free], of_expert(lessons)[free], atol=1e-6)
    np.testing.assert_allclose(lessons.commands_of(lessons.actions)[free], lessons.commands[free])


@given(
    st.lists(st.floats(0.05, 0.95), min_size=4, max_size=4),
    st.lists(st.floats(-2, 2), min_size=28, max_size=28),
)
def test_an_action_that_is_told_from_a_command_leads_to_it(shares, memory):
    command = np.array(shares) * LAW.airframe.max_speed
    kept = np.array(memory)
    action = LAW.action_for(kept, np.zeros(13), command)
    np.testing.assert_allclose(LAW.act(kept, np.zeros(13), action)[1], command, rtol=1e-9)


def test_another_order_of_joints_other_names_and_jitter_change_nothing(calm, reference, tmp_path):
    joints = ('rotor_3', 'rotor_1', 'rotor_4', 'rotor_2')
    for number, record in enumerate(calm):
        sent = flown(record, joints=joints, jitter=jittered(number))
        path = tmp_path / 'user' / f'flight {number}'
        write(path, sent, storage=StoragePlugin.SQLITE3, name='/my/drone/{}'.format)
    with pytest.raises(
        UserError, match=r'no topic /goal_pose .*of that type: /my/drone/goal_pose'
    ):
        read(tmp_path / 'user')
    topics = {topic: f'/my/drone/{topic}' for topic in ('odom', 'goal_pose', 'command')}
    lessons, source = read(tmp_path / 'user', **topics)
    assert (source.flights, source.gaps) == (3, 0)
    for name in ('observations', 'actions', 'commands', 'held_out'):
        np.testing.assert_array_equal(getattr(lessons, name), getattr(reference, name))


@pytest.mark.slow
def test_states_that_come_four_times_as_fast_are_thinned_to_the_same_ticks(
    calm, reference, tmp_path
):
    for number, record in enumerate(calm):
        sent = flown(record)
        extra = []
        for when, topic, message in sent:
            if topic == 'odom':
                between = [(when + part * 5_000_000, topic, message) for part in (1, 2, 3)]
                extra += [
                    (t, topic, messages.odometry(record.states[0] * 1.0, t)) for t, *_ in between
                ]
        write(tmp_path / 'fast' / str(number), sorted(sent + extra, key=lambda each: each[0]))
    lessons, _ = read(tmp_path / 'fast')
    np.testing.assert_array_equal(lessons.observations, reference.observations)
    np.testing.assert_array_equal(lessons.actions, reference.actions)


def test_messages_without_stamps_are_paired_by_their_arrival(calm, reference, tmp_path):
    for number, record in enumerate(calm):
        write(tmp_path / 'bare' / str(number), flown(record, stamped=False))
    lessons, _ = read(tmp_path / 'bare')
    np.testing.assert_array_equal(lessons.actions, reference.actions)


def test_one_recording_in_which_time_goes_back_is_several_flights(calm, reference, tmp_path):
    sent = []
    for arrived, record in enumerate(calm):
        for when, topic, message in flown(record, begin_ns=20_000_000):
            sent.append((BEGIN_NS + arrived * 10**10 + when, topic, message))
    write(tmp_path / 'one', sent)
    lessons, source = read(tmp_path / 'one')
    assert (source.recordings, source.flights) == (1, 3)
    np.testing.assert_array_equal(lessons.actions, reference.actions)


def test_gaps_begin_new_flights_and_lost_commands_are_left_out(calm, tmp_path):
    sent = flown(calm[0])
    lost = [each for i, each in enumerate(sent) if not (each[1] == 'odom' and 200 <= i < 230)]
    lost = [each for i, each in enumerate(lost) if i != 401]
    for number in range(2):
        write(tmp_path / str(number), lost)
    _, source = read(tmp_path)
    assert source.flights == 6
    assert source.gaps == 4
    assert source.usable_s == pytest.approx(2 * (300 - 15 - 1) / 50, abs=0.05)


def test_a_number_that_is_not_finite_is_left_out_and_many_are_refused(calm, tmp_path):
    def broken(count: int):
        sent = flown(calm[0])
        for i in range(count):
            state = np.array(calm[0].states[i])
            state[7] = np.nan
            when = sent[1 + 2 * i][0]
            sent[1 + 2 * i] = (when, 'odom', messages.odometry(state, when))
        return sent

    for number in range(2):
        write(tmp_path / 'few' / str(number), broken(3))
    assert read(tmp_path / 'few')[1].broken_messages == 6
    write(tmp_path / 'many', broken(50))
    with pytest.raises(UserError, match='250 states and 300 commands are usable, 50 have numbers'):
        read(tmp_path / 'many')


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda sent: [s for s in sent if s[1] != 'command'], r'no topic /command .*its topics'),
        (lambda sent: [s for s in sent if s[1] != 'goal_pose'], r'no topic /goal_pose'),
        (lambda sent: sent[:200], r'2.0 of 2.0 s are usable, .*10 s and half of it are needed'),
        (lambda sent: [s for i, s in enumerate(sent) if i % 4 < 2], r'states come at 25 Hz'),
        (lambda sent: sent[1:] + sent[:1], r'0.0 of 6.0 s are usable'),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_in_one_line(calm, tmp_path, change, message):
    path = write(tmp_path / 'bag', sorted(change(flown(calm[0])), key=lambda each: each[0]))
    if 'usable' in message and '0.0' in message:
        late = [(s[0] + 10**10, *s[1:]) if s[1] == 'goal_pose' else s for s in flown(calm[0])]
        path = write(tmp_path / 'late', sorted(late, key=lambda each: each[0]))
    with pytest.raises(UserError, match=message) as caught:
        read(path)
    assert '\n' not in str(caught.value)


def test_joints_of_other_names_are_named_and_can_be_remapped(calm, reference, tmp_path):
    for number, record in enumerate(calm):
        sent = flown(record, joints=('a', 'b', 'c', 'd'))
        write(tmp_path / 'other' / str(number), sent)
    with pytest.raises(UserError, match=r"missing \['rotor_1'.*unknown \['a', 'b', 'c', 'd'\]"):
        read(tmp_path / 'other')
    lessons, _ = read(tmp_path / 'other', **dict(zip(JOINTS, 'abcd', strict=True)))
    np.testing.assert_array_equal(lessons.actions, reference.actions)


def test_a_topic_of_another_type_is_said(calm, tmp_path):
    kinds = {'odom': 'geometry_msgs/msg/PoseStamped', 'goal_pose': 'geometry_msgs/msg/PoseStamped'}
    sent = [(when, 'odom', m) for when, topic, m in flown(calm[0]) if topic == 'goal_pose']
    path = write(tmp_path / 'bag', [*sent, (sent[0][0], 'goal_pose', sent[0][2])], kinds=kinds)
    with pytest.raises(UserError, match=r'topic /odom is geometry_msgs/msg/PoseStamped, not nav'):
        read(path)


@pytest.mark.parametrize('content', [b'', b'no bag', b'\x89MCAP0\r\n'])
def test_a_file_that_is_no_recording_is_refused_in_one_line(tmp_path, content):
    (tmp_path / 'x.mcap').write_bytes(content)
    with pytest.raises(UserError, match=r'x.mcap: cannot be read as a rosbag2') as caught:
        read(tmp_path)
    assert '\n' not in str(caught.value)
    (tmp_path / 'empty').mkdir()
    with pytest.raises(UserError, match='has no rosbag2'):
        read(tmp_path / 'empty')
    with pytest.raises(UserError, match='no such file or folder'):
        read(tmp_path / 'nowhere')


@pytest.mark.parametrize('storage', [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
def test_a_recording_that_was_cut_off_or_damaged_is_refused_or_read(calm, tmp_path, storage):
    path = write(tmp_path / 'bag', flown(calm[0]), storage=storage)
    (data,) = (each for each in path.iterdir() if each.suffix in ('.mcap', '.db3'))
    whole = data.read_bytes()
    chance = np.random.default_rng(0)
    for _ in range(20):
        damaged = bytearray(whole[: chance.integers(1, len(whole) + 1)])
        for place in chance.integers(0, len(damaged), chance.integers(0, 9)):
            damaged[place] = chance.integers(0, 256)
        data.write_bytes(damaged)
        with contextlib.suppress(UserError):
            read(path)


def test_every_fifth_stretch_of_two_seconds_is_held_out(reference):
    assert len(reference.held_out) == 900
    assert reference.held_out[:500].nonzero()[0].tolist() == list(range(400, 500))
