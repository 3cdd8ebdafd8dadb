"""Episodes as rosbag2 recordings (MCAP), as `ros2 bag record` makes them of the nodes."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml
from rosbags.rosbag2 import StoragePlugin, Writer

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.seeding import stream
from pkan_control.control.action_types import fields_of
from pkan_control.control.laws.drone import STATE
from pkan_control.evaluation.bags import messages
from pkan_control.evaluation.bags.topics import (
    CLOCK,
    COMMAND,
    IMU,
    QOS_PROFILES,
    RELIABLE,
    TF,
    TYPES,
    goal_topic,
    state_topic,
)
from pkan_control.evaluation.rollouts.episode import stamp_ns
from pkan_control.evaluation.rollouts.record import EpisodeRecord, rollout_hash
from pkan_control.evaluation.rollouts.rollout import Plan
from pkan_control.evaluation.rollouts.sensors import Sensors, specific_force

# Version of the metadata that ROS 2 Jazzy and later ones write.
VERSION: Final = 9
HASH = 'hash'


class BagWriter:
    """A folder with a recording for each episode: `calm_0003` is the fourth one in calm air."""

    def __init__(self, folder: Path) -> None:
        """Take the folder, which may not exist yet."""
        self._folder = folder

    def add(self, plan: Plan, record: EpisodeRecord) -> None:
        """Write the recording of an episode; keep an existing one, refuse that of another episode.

        Metadata are written last: a recording without them is incomplete, and is written again.
        """
        path = self._folder / f'{plan.scenario.name}_{record.number:04d}'
        digest = rollout_hash([record])
        if (path / 'metadata.yaml').exists():
            if _hash_of(path) != digest:
                raise UserError(
                    f'{path}: is the recording of another episode: give another folder'
                )
            return
        try:
            if path.exists():
                shutil.rmtree(path)
            _write(path, plan, record, digest)
        except OSError as error:
            raise UserError(f'cannot write {path}: {error.strerror}') from None


def _hash_of(path: Path) -> str | None:
    """Return the hash of the episode in a recording."""
    try:
        metadata = yaml.safe_load((path / 'metadata.yaml').read_text())
        return str(metadata['rosbag2_bagfile_information']['custom_data'][HASH])
    except (yaml.YAMLError, OSError, LookupError, TypeError):
        return None


def _write(path: Path, plan: Plan, record: EpisodeRecord, digest: str) -> None:
    """Write what the nodes publish at each step, and the commands."""
    store, law = messages.typestore(), plan.task.law
    state, goal = state_topic(law), goal_topic(law)
    kinds = {goal.name: goal.kind, **TYPES, state.name: state.kind}
    if law.state_names != STATE:
        del kinds[IMU], kinds[TF]
    with Writer(path, version=VERSION, storage_plugin=StoragePlugin.MCAP) as writer:
        writer.set_custom_data(HASH, digest)
        connections = {
            topic: writer.add_connection(
                f'/{topic}',
                kind,
                typestore=store,
                offered_qos_profiles=[QOS_PROFILES.get(topic, RELIABLE)],
            )
            for topic, kind in kinds.items()
        }
        for topic, now, message in _sent(plan, record):
            if topic in kinds:
                writer.write(connections[topic], now, store.serialize_cdr(message, kinds[topic]))


def _sent(plan: Plan, record: EpisodeRecord) -> Iterator[tuple[str, int, Any]]:
    """Yield topic, time in ns and message: the state last, then its command.

    A constant set-point is published once a second.
    """
    law, rate_hz = plan.task.law, record.rate_hz
    state, goal = state_topic(law), goal_topic(law)
    names, fields, before = law.command.names, fields_of(law), None
    for step, (seen, command) in enumerate(zip(_seen(plan, record), record.commands, strict=True)):
        now, wanted = stamp_ns(step, rate_hz), record.goals[step]
        changed = step > 0 and (wanted != record.goals[step - 1]).any()
        if goal.moving or changed or step % round(rate_hz) == 0:
            yield goal.name, now, goal.encode(wanted, now)
        yield CLOCK, now, messages.clock(now)
        if law.state_names == STATE:
            yield IMU, now, messages.imu(seen, specific_force(seen, before, rate_hz), now)
            yield TF, now, messages.transforms(seen, now)
        yield state.name, now, state.encode(seen, now)
        yield COMMAND, now, messages.joint_command(names, fields, command, now)
        before = seen


def _seen(plan: Plan, record: EpisodeRecord) -> list[Floats]:
    """Return each state as the sensors measure it, which is what the nodes publish."""
    sensors = Sensors(plan.effects, stream(record.seed, 'sensors', record.number))
    states = record.states[:-1]
    return [sensors.read(state, k / record.rate_hz) for k, state in enumerate(states)]
