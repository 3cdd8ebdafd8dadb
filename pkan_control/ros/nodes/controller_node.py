"""The controller node: a managed node between state topics and actuator commands.

It translates and never decides: the supervisor decides what to command.
"""

import gc
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from std_srvs.srv import SetBool, Trigger

from pkan_control.chips.chip import Chip
from pkan_control.chips.uri import open_chip
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError, unknown
from pkan_control.control.controller import Controller, make_controller
from pkan_control.control.controller_file import ControllerFile, load_controller_file
from pkan_control.control.health import Level
from pkan_control.control.supervisor import Decision, Limits, Supervisor
from pkan_control.ros.nodes import process
from pkan_control.ros.nodes.calibration import Calibrator, known_calibration
from pkan_control.ros.nodes.clocks import WatchdogTimer, steady_timer
from pkan_control.ros.nodes.diagnostics import Diagnostics, Findings, LogThrottle
from pkan_control.ros.nodes.parameters import CONTROLLER, declare, follow_limits, limits_of, read
from pkan_control.ros.nodes.process import reported
from pkan_control.ros.nodes.publishers import CommandPublishers
from pkan_control.ros.nodes.subscriptions import Subscriptions
from pkan_control.ros.nodes.wiring import Wiring, make_wiring

TRIGGERS = ('state', 'timer')


class ControllerNode(LifecycleNode):
    """Subscribes states and set-points; publishes `command`, or a shadow of it in a dry run.

    Services: `~/enable` (live or dry run), `~/estop` (latched), `~/reset`, `~/calibrate`.
    """

    def __init__(self) -> None:
        """Declare the parameters; the transitions do everything else."""
        super().__init__('controller_node')
        declare(self, CONTROLLER)
        self.finished = False
        self.exit_code = 0
        self._active = False
        self._activated: LifecycleState
        self._supervisor: Supervisor
        self._chip: Chip | None = None
        # Ends a calibration, then closes the chip.
        self._resources = ExitStack()
        self._rate_hz = 0.0
        self._throttle = LogThrottle()
        # Stamp and state of the newest sample, with a timer as trigger.
        self._newest: tuple[int, Floats] | None = None
        follow_limits(self, self._check_limits, self._apply_limits)
        if self.get_parameter('autostart').value:
            self._autostart()

    def _autostart(self) -> None:
        if self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
            self.trigger_activate()

    def _check_limits(self, limits: Limits) -> None:
        if self._chip is not None:
            limits.check(self._rate_hz)

    def _apply_limits(self, limits: Limits) -> None:
        if self._chip is not None:
            self._supervisor.limit(limits)
        if self._active:
            self._watchdog.poll()

    @reported
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load controller and chip, open the interfaces; FAILURE leaves the node unconfigured."""
        values = read(self, CONTROLLER)
        if not values['controller']:
            raise UserError('parameter controller is empty: give the path of a controller file')
        controller_file = load_controller_file(Path(values['controller']))
        if values['trigger'] not in TRIGGERS:
            raise unknown('trigger', values['trigger'], TRIGGERS)
        wiring = make_wiring(controller_file.law, values)
        limits = limits_of(values)
        limits.check(controller_file.rate_hz)
        controller = self._open_controller(controller_file, values)
        self._supervisor = Supervisor(controller_file.law, controller, limits)
        self._open_calibration(controller_file, controller, values['calibration'])
        fault = self._calibrator.fault() if values['enable'] else ''
        if fault:
            self.get_logger().error(f'enable refused: {fault}')
        self._supervisor.arming.live = values['enable'] and not fault
        self._rate_hz = controller_file.rate_hz
        self._open_interfaces(wiring, values['trigger'])
        self.get_logger().info(
            f'{controller_file.task} on {values["chip"]} at {controller_file.rate_hz:g} Hz'
        )
        return TransitionCallbackReturn.SUCCESS

    def _open_controller(
        self, controller_file: ControllerFile, values: dict[str, Any]
    ) -> Controller:
        """Open the chip, which stays open while the node is configured."""
        calibration = known_calibration(self, values['calibration'])
        self._chip = open_chip(values['chip'])
        self._resources.callback(self._chip.close)
        try:
            return make_controller(
                controller_file, self._chip, calibration, values['on_link_lost']
            )
        except BaseException:
            self._close_chip()
            raise

    def _open_calibration(
        self, controller_file: ControllerFile, controller: Controller, path: str
    ) -> None:
        def refuse() -> str:
            return 'the node is active: deactivate it first' if self._active else ''

        if self._chip is not None:
            self._calibrator = Calibrator(
                self, controller_file, self._chip, controller, path, refuse
            )
            self._resources.callback(self._calibrator.abandon)

    def _open_interfaces(self, wiring: Wiring, trigger: str) -> None:
        self._commands = CommandPublishers(
            self, wiring.adapter, self._supervisor.arming.live, wiring.command_topic
        )
        self._diagnostics = Diagnostics(
            self, self._supervisor, self._find, self._calibrator.values
        )
        tick = self._tick if trigger == 'state' else self._keep_newest
        self._inputs = Subscriptions(
            self, self._supervisor, wiring.states, wiring.goal, tick, self._log_reason
        )
        self._requests = [
            self.create_service(SetBool, '~/enable', self._on_enable),
            self.create_service(Trigger, '~/estop', self._on_estop),
            self.create_service(Trigger, '~/reset', self._on_reset),
            self._calibrator.service,
        ]
        self._watchdog = WatchdogTimer(self, self._poll_watchdog)
        self._running_timers = [self._watchdog.timer, steady_timer(self, 1.0, self._report)]
        if trigger == 'timer':
            self._running_timers.append(self.create_timer(1 / self._rate_hz, self._on_timer))

    @reported
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Enable commands; the first one answers the first state from now on."""
        self._require_free_chip()
        self._active = True
        self._activated = state
        self._supervisor.begin(time.monotonic())
        # Objects that exist now stay: garbage collection would only delay a tick.
        gc.collect()
        gc.freeze()
        result = super().on_activate(state)
        self._watchdog.poll()
        return result

    @reported
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Send one safe command, then nothing more."""
        self._send_safe()
        return super().on_deactivate(state)

    @reported
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Close interfaces, controller and chip; the node can be configured again."""
        self._require_free_chip()
        self._close_interfaces()
        self._close_chip()
        return TransitionCallbackReturn.SUCCESS

    @reported
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Send one safe command if active, then end the process."""
        try:
            self._send_safe()
        finally:
            self._close_chip()
            self.finished = True
        return TransitionCallbackReturn.SUCCESS

    def leave(self) -> None:
        """Send one safe command if active, wait until it arrives, and leave the chip safe."""
        try:
            if self._active:
                self._send_safe()
                self._commands.flush()
        finally:
            self._close_chip()

    def _require_free_chip(self) -> None:
        if reason := self._calibrator.busy():
            raise UserError(reason)

    def _close_chip(self) -> None:
        try:
            self._resources.close()
        finally:
            self._chip = None

    def _send_safe(self) -> None:
        if self._active:
            self._active = False
            self._publish(self._supervisor.stop(self._now_ns()))

    def _close_interfaces(self) -> None:
        for timer in self._running_timers:
            self.destroy_timer(timer)
        self._inputs.close()
        for service in self._requests:
            self.destroy_service(service)
        self._commands.close()
        self._diagnostics.close()
        self._throttle, self._newest = LogThrottle(), None

    def _now_ns(self) -> int:
        return int(self.get_clock().now().nanoseconds)

    def _on_enable(self, request: SetBool.Request, response: SetBool.Response) -> object:
        refused = self._supervisor.arming.enable(bool(request.data), self._fault())
        return self._respond(response, 'enable' if request.data else 'dry run', refused)

    def _on_estop(self, request: Trigger.Request, response: Trigger.Response) -> object:
        self._supervisor.arming.stop()
        return self._respond(response, 'emergency stop', '')

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> object:
        """Reset an emergency stop, and arm a chip that was lost."""
        supervisor = self._supervisor
        refused = (
            self._calibrator.busy() or supervisor.rearm() or supervisor.arming.reset(self._fault())
        )
        return self._respond(response, 'reset', refused)

    def _respond(
        self, response: Trigger.Response | SetBool.Response, request: str, refused: str
    ) -> object:
        response.success, response.message = not refused, refused
        if refused:
            self.get_logger().warning(f'{request} refused: {refused}')
        else:
            self.get_logger().info(request)
            self._apply_arming()
        return response

    def _fault(self) -> str:
        """Return why commands cannot go live now; empty where they can."""
        if not self._active:
            return 'the node is not active'
        fault = self._supervisor.fault(self._now_ns(), time.monotonic())
        return fault or self._calibrator.fault()

    def _apply_arming(self) -> None:
        """Follow a request that was granted: one safe command separates two modes."""
        arming = self._supervisor.arming
        if self._active and (arming.stopped or arming.live != self._commands.live):
            self._publish(self._supervisor.stop(self._now_ns()))
            self._commands.switch(arming.live, self._activated)

    def _find(self) -> Findings:
        """Return faults of the graph around the node, and of its chip."""
        rivals = self._commands.rivals() if self._commands.live else []
        found = [(Level.WARN, f'{name} publishes commands, too') for name in rivals]
        return found + self._calibrator.findings()

    def _keep_newest(self, stamp_ns: int, state: Floats) -> None:
        self._newest = stamp_ns, state

    def _on_timer(self) -> None:
        if self._newest is not None:
            self._tick(*self._newest)

    def _tick(self, stamp_ns: int, state: Floats) -> None:
        if not self._active:
            return
        began_ns, now_ns = time.perf_counter_ns(), self._now_ns()
        decision = self._supervisor.on_state(stamp_ns, now_ns, time.monotonic(), state)
        if decision is not None:
            self._publish(decision)
        self._diagnostics.age_ns.append(now_ns - stamp_ns)
        self._diagnostics.tick_ns.append(time.perf_counter_ns() - began_ns)
        self._log_reason(self._supervisor.reason)

    def _poll_watchdog(self) -> float:
        """Poll the watchdog; return in how many seconds it can fire."""
        steady_s = time.monotonic()
        decision = self._supervisor.on_watchdog(self._now_ns(), steady_s)
        if self._active:
            if decision is not None:
                self._publish(decision)
            self._log_reason(self._supervisor.reason)
        return self._supervisor.watchdog_due_s(steady_s)

    def _publish(self, decision: Decision) -> None:
        self._commands.publish(decision.command, decision.stamp_ns)

    def _log_reason(self, reason: str) -> None:
        """Log a reason as far as the throttle lets it pass.

        Evaluations that the chip missed are only counted while the last command is held.
        """
        supervisor, steady_s = self._supervisor, time.monotonic()
        if supervisor.holding or supervisor.waits(steady_s):
            return
        if line := self._throttle.line(reason, steady_s):
            self.get_logger().warning(line)

    def _report(self) -> None:
        if self._active:
            self._log_reason(self._supervisor.reason)
        self._diagnostics.report(self._active, self._now_ns(), time.monotonic())


def main() -> None:
    """Run the node; the exit code is 0 after a clean end, 2 for bad parameters."""
    raise SystemExit(process.run(ControllerNode))


if __name__ == '__main__':
    main()
