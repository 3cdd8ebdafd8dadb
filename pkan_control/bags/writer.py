"""Flights as rosbag2 recordings (MCAP), as `ros2 bag record` makes them beside the nodes."""

import shutil
from pathlib import Path
from typing import Final

import yaml
from rosbags.rosbag2 import StoragePlugin, Writer

from pkan_control.arrays import Floats
from pkan_control.bags import messages
from pkan_control.bags.topics import CLOCK, COMMAND, GOAL, RELIABLE, STATE, TYPES, typestore
from pkan_control.errors import UserError
from pkan_control.rollouts.episode import stamp_ns
from pkan_control.rollouts.record import EpisodeRecord, rollout_hash
from pkan_control.rollouts.rollout import Plan
from pkan_control.rollouts.sensors import Sensors
from pkan_control.streams import stream

# Version of the metadata that ROS 2 Jazzy and later ones write.
VERSION: Final = 9
HASH = 'hash'


class Bags:
    """A folder with a recording for each flight, `calm_0003` for the fourth one in calm air."""

    def __init__(self, folder: Path) -> None:
        """Take the folder, which need not be there."""
        self._folder = folder

    def add(self, plan: Plan, record: EpisodeRecord) -> None:
        """Write the recording of a flight; keep one that is there, refuse that of another flight.

        Metadata are written last: without them a recording is not whole, and is written anew.
        """
        path = self._folder / f'{plan.scenario.name}_{record.number:04d}'
        flight = rollout_hash([record])
        if (path / 'metadata.yaml').exists():
            if _hash_of(path) != flight:
                raise UserError(f'{path}: holds another flight: give another folder')
            return
        try:
            if path.exists():
                shutil.rmtree(path)
            _write(path, plan, record, flight)
        except OSError as error:
            raise UserError(f'cannot write {path}: {error.strerror}') from None


def _hash_of(path: Path) -> str | None:
    """Return the hash of the flight that a recording of ours holds."""
    try:
        metadata = yaml.safe_load((path / 'metadata.yaml').read_text())
        return str(metadata['rosbag2_bagfile_information']['custom_data'][HASH])
    except (yaml.YAMLError, OSError, LookupError, TypeError):
        return None


def _write(path: Path, plan: Plan, record: EpisodeRecord, flight: str) -> None:
    """Write what the nodes send: clock, state, the command for it, and a goal once a second.

    A goal that moves goes out with each state.
    """
    store, law = typestore(), plan.task.law
    with Writer(path, version=VERSION, storage_plugin=StoragePlugin.MCAP) as writer:
        writer.set_custom_data(HASH, flight)
        outlets = {
            topic: writer.add_connection(
                f'/{topic}', kind, typestore=store, offered_qos_profiles=[RELIABLE]
            )
            for topic, kind in TYPES.items()
        }
        for step, (seen, command) in enumerate(
            zip(_seen(plan, record), record.commands, strict=True)
        ):
            now = stamp_ns(step, record.rate_hz)
            sent = {
                CLOCK: messages.clock(now),
                STATE: messages.odometry(seen, now),
                COMMAND: messages.joint_velocities(law.command.names, command, now),
            }
            goal = record.goals[step]
            if step % round(record.rate_hz) == 0 or (goal != record.goals[step - 1]).any():
                sent = {GOAL: messages.goal_pose(goal, now), **sent}
            for topic, message in sent.items():
                data = store.serialize_cdr(message, TYPES[topic])
                writer.write(outlets[topic], now, data)


def _seen(plan: Plan, record: EpisodeRecord) -> list[Floats]:
    """Return what the sensors told of each state: the nodes publish that, and not the truth."""
    sensors = Sensors(plan.effects, stream(record.seed, 'sensors', record.number))
    states = record.states[:-1]
    return [sensors.read(state, k / record.rate_hz) for k, state in enumerate(states)]
