"""The simulation node: publishes the states of a task's robot and subscribes its commands."""

import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_srvs.srv import SetBool, Trigger

from pkan_control.common.errors import UserError
from pkan_control.common.message_fields import JointReader, to_ns
from pkan_control.control.action_types import fields_of
from pkan_control.evaluation.rollouts.simulation_session import Mode, Pace, SimulationSession
from pkan_control.ros.nodes import process
from pkan_control.ros.nodes.clocks import GraphClock, steady_timer
from pkan_control.ros.nodes.parameters import SIMULATION, declare, read
from pkan_control.ros.nodes.simulation_publishers import SimulationPublishers
from pkan_control.ros.nodes.topics import RELIABLE
from pkan_control.sim.scenarios import load_scenario
from pkan_control.sim.world import Draw, find_world, open_world, pictures_of
from pkan_control.tasks.task import Score, find_task

# Period of a lockstep simulation's timer, which repeats states, times out, and keeps pace.
LOCKSTEP_PERIOD_S = 0.005


def fatal_errors(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Make a `UserError` in a callback, of a lost physics server say, end the node with code 1."""

    @wraps(callback)
    def guarded(node: 'SimulationNode', *message: Any) -> Any:
        try:
            return callback(node, *message)
        except UserError as error:
            node.get_logger().fatal(str(error))
            node.finished, node.exit_code = True, 1

    return guarded


class SimulationNode(Node):
    """Publishes `/clock`, state and set-point of a task's robot, subscribes `command`."""

    def __init__(self) -> None:
        """Open the world and begin the first episode; raise a `UserError` for bad parameters."""
        super().__init__('simulation_node')
        declare(self, SIMULATION)
        self._values = read(self, SIMULATION)
        self.finished = False
        self.exit_code = 0
        self._episode_count = 0
        # The error that was logged last.
        self._error = ''
        self._task = find_task(self._values['task'])
        _check_record(self._values['record'])
        effects = load_scenario(self._values['scenario']).effects(
            find_world(self._task.world).robot
        )
        law, rate_hz = self._task.law, self._task.rate_hz
        self._world = open_world(self._task.world, law, rate_hz, effects)
        seed, pace = self._values['seed'], self._pace()
        self._session = SimulationSession(self._task, self._world, seed, pace, effects)
        self._open_interfaces()
        self._publish()

    def _pace(self) -> Pace:
        mode = Mode.LOCKSTEP if self._values['lockstep'] else Mode.REAL_TIME
        factor = self._values['real_time_factor']
        if mode is Mode.REAL_TIME and factor == 0:
            factor = 1.0
        timeouts = self._values['lockstep_timeout'], self._values['command_timeout']
        return Pace(mode, factor, *timeouts)

    def _open_interfaces(self) -> None:
        law = self._task.law
        self._graph_clock = None if self._values['publish_clock'] else GraphClock(self)
        if self._graph_clock is not None and self._pace().mode is Mode.LOCKSTEP:
            raise UserError(
                'parameter publish_clock: must be true with lockstep, '
                "whose time is the simulation's"
            )
        self._outputs = SimulationPublishers(self, law, self._pictures(), self._values)
        self._read_command = JointReader(law.command.names, fields_of(law), exact=True)
        self.create_subscription(JointState, 'command', self._on_command, RELIABLE)
        self.create_service(Trigger, '~/reset', self._on_reset)
        self.create_service(SetBool, '~/pause', self._on_pause)
        self.create_service(Trigger, '~/step', self._on_step)
        pace = self._pace()
        period = LOCKSTEP_PERIOD_S
        if pace.mode is Mode.REAL_TIME:
            period = 1 / (self._task.rate_hz * pace.real_time_factor)
        steady_timer(self, period, self._on_tick)

    def _pictures(self) -> Draw | None:
        """Return what renders the camera's images; None without a camera."""
        task = self._task
        if self._values['camera_rate'] == 0:
            return None
        return pictures_of(task.world, self._world, task.law, task.rate_hz)

    @fatal_errors
    def _on_command(self, message: JointState) -> None:
        command = self._read_command(message)
        if isinstance(command, str):
            self._log_error(f'command refused: {command}')
            return
        stamp = to_ns(message.header.stamp)
        if self._graph_clock is not None and stamp:
            stamp -= self._graph_clock.offset_ns
        if self._session.take(stamp, command, time.monotonic()):
            self._proceed()

    @fatal_errors
    def _on_tick(self) -> None:
        if self._graph_clock is not None and self._graph_clock.stands_still(time.monotonic()):
            return
        if self._session.tick(time.monotonic()):
            self._proceed()
        if self._session.stopped:
            self._give_up(self._session.stopped)

    def _proceed(self) -> None:
        """Publish the state after a step, or end the episode."""
        if self._session.episode.done:
            self._end_episode()
        if not self.finished:
            self._publish()

    def _end_episode(self) -> None:
        record = self._session.record(time.monotonic())
        if self._values['record']:
            with Path(self._values['record']).open('a') as file:
                file.write(record.to_json() + '\n')
        score, name = record.score, f'episode {record.number + 1}'
        how = 'success' if score.success else 'failure'
        self.get_logger().info(f'{name}: {how}, {describe_figures(score)}')
        self._episode_count += 1
        self.finished = self._episode_count == self._values['episodes']
        if not self.finished:
            self._restart()

    def _restart(self) -> None:
        self._session.restart(time.monotonic())

    def _publish(self) -> None:
        episode, offset_ns = self._session.episode, 0
        if self._graph_clock is not None:
            self._graph_clock.align(episode.time_ns)
            offset_ns = self._graph_clock.offset_ns
        self._outputs.publish(episode, episode.time_ns + offset_ns)

    def _give_up(self, reason: str) -> None:
        """Log why time has stopped; a run of a number of episodes ends with exit code 1."""
        if self._log_error(reason) and self._values['episodes']:
            self.finished, self.exit_code = True, 1

    def _log_error(self, reason: str) -> bool:
        """Log an error unless it was the last one; return whether it is new."""
        if reason == self._error:
            return False
        self._error = reason
        self.get_logger().error(reason)
        return True

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._error = ''
        self._restart()
        self._publish()
        response.success = True
        return response

    def _on_pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._session.pause(bool(request.data), time.monotonic())
        response.success = True
        return response

    def _on_step(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = self._session.step_once(time.monotonic())
        response.message = '' if response.success else 'pause first'
        if response.success:
            self._proceed()
        return response

    def leave(self) -> None:
        """Close the world."""
        self._world.close()


def describe_figures(score: Score) -> str:
    """Return the figures of a score as text; their names carry the units."""
    return ', '.join(f'{name} {value:.4g}' for name, value in score.figures.items())


def _check_record(path: str) -> None:
    """Raise a `UserError` if the file of records cannot be written."""
    try:
        if path:
            Path(path).open('a').close()
    except OSError as error:
        raise UserError(f'parameter record: cannot write {path}: {error.strerror}') from None


def main() -> None:
    """Run the node; the exit code is 0 after a clean end, 2 for bad parameters."""
    raise SystemExit(process.run(SimulationNode))


if __name__ == '__main__':
    main()
