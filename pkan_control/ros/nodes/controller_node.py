"""The managed node that carries a controller between state topics and actuator commands.

It translates and never decides: what to command is the pilot's decision.
"""

import gc
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from pkan_control.chips.chip import Chip
from pkan_control.chips.uri import open_chip
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError, unknown
from pkan_control.control.controller import Controller, make_controller
from pkan_control.control.controller_file import Bundle, load_bundle
from pkan_control.control.health import Level
from pkan_control.control.supervisor import Decision, Limits, Pilot
from pkan_control.ros.nodes import process
from pkan_control.ros.nodes.arming_services import open_arming
from pkan_control.ros.nodes.calibration import Calibrator, known_calibration
from pkan_control.ros.nodes.diagnostics import Diagnostics, Findings
from pkan_control.ros.nodes.live_limits import follow, limits_of
from pkan_control.ros.nodes.log_throttle import Complaints
from pkan_control.ros.nodes.parameters import CONTROLLER, declare, read
from pkan_control.ros.nodes.process import reported
from pkan_control.ros.nodes.publishers import Outlet
from pkan_control.ros.nodes.subscriptions import Inlet
from pkan_control.ros.nodes.watchdog_timer import Watch
from pkan_control.ros.nodes.wiring import Wiring, make_wiring

TRIGGERS = ('state', 'timer')


class ControllerNode(LifecycleNode):
    """Subscribes states and set-points, publishes `command` or, in a dry run, a shadow of it.

    Services: `~/enable` (live or dry run), `~/estop` (latched), `~/reset`, `~/calibrate`.
    """

    def __init__(self) -> None:
        """Declare the parameters; everything else is done by the transitions."""
        super().__init__('controller_node')
        declare(self, CONTROLLER)
        self.finished = False
        self.exit_code = 0
        self._active = False
        self._activated: LifecycleState
        self._pilot: Pilot
        self._chip: Chip | None = None
        # What is to be done before the chip is given back, and that.
        self._held = ExitStack()
        self._rate_hz = 0.0
        self._complaints = Complaints()
        # With a timer as trigger: the newest state and its stamp.
        self._newest: tuple[int, Floats] | None = None
        follow(self, self._check_limits, self._limit)
        if self.get_parameter('autostart').value:
            self._autostart()

    def _autostart(self) -> None:
        if self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
            self.trigger_activate()

    def _check_limits(self, limits: Limits) -> None:
        if self._chip is not None:
            limits.check(self._rate_hz)

    def _limit(self, limits: Limits) -> None:
        if self._chip is not None:
            self._pilot.limit(limits)
        if self._active:
            self._watch.look()

    @reported
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load controller and chip, make the interfaces; FAILURE leaves the node unconfigured."""
        values = read(self, CONTROLLER)
        if not values['controller']:
            raise UserError('parameter controller is empty: give the path of a controller file')
        bundle = load_bundle(Path(values['controller']))
        if values['trigger'] not in TRIGGERS:
            raise unknown('trigger', values['trigger'], TRIGGERS)
        wiring = make_wiring(bundle.law, values)
        limits = limits_of(values)
        limits.check(bundle.rate_hz)
        controller = self._make_controller(bundle, values)
        self._pilot = Pilot(bundle.law, controller, limits)
        self._open_calibration(bundle, controller, values['calibration'])
        unfit = self._calibrator.unfit() if values['enable'] else ''
        if unfit:
            self.get_logger().error(f'enable refused: {unfit}')
        self._pilot.arming.live = values['enable'] and not unfit
        self._rate_hz = bundle.rate_hz
        self._open_interfaces(wiring, values['trigger'])
        self.get_logger().info(f'{bundle.task} on {values["chip"]} at {bundle.rate_hz:g} Hz')
        return TransitionCallbackReturn.SUCCESS

    def _make_controller(self, bundle: Bundle, values: dict[str, Any]) -> Controller:
        """Open the chip for as long as the node is configured."""
        calibration = known_calibration(self, values['calibration'])
        self._chip = open_chip(values['chip'])
        self._held.callback(self._chip.close)
        try:
            return make_controller(bundle, self._chip, calibration, values['on_link_lost'])
        except BaseException:
            self._close_chip()
            raise

    def _open_interfaces(self, wiring: Wiring, trigger: str) -> None:
        self._outlet = Outlet(self, wiring.adapter, self._pilot.arming.live, wiring.topic)
        values = self._calibrator.values
        self._diagnostics = Diagnostics(self, self._pilot, self._look, values)
        tick = self._tick if trigger == 'state' else self._note
        goal = wiring.goal
        self._inlet = Inlet(self, self._pilot, wiring.states, goal, tick, self._complain)
        self._requests = open_arming(
            self, self._pilot, self._calibrator.busy, self._unfit, self._rearm
        )
        self._requests.append(self._calibrator.service)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._watch = Watch(self, self._on_watchdog)
        self._ticking = [self._watch.timer, self.create_timer(1.0, self._report, clock=steady)]
        if trigger == 'timer':
            self._ticking.append(self.create_timer(1 / self._rate_hz, self._on_timer))

    def _open_calibration(self, bundle: Bundle, controller: Controller, path: str) -> None:
        def refuse() -> str:
            return 'the node is active: deactivate it first' if self._active else ''

        if self._chip is not None:
            self._calibrator = Calibrator(self, bundle, self._chip, controller, path, refuse)
            self._held.callback(self._calibrator.leave)

    @reported
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let commands out; the first one answers a state that comes from now on."""
        self._free_chip()
        self._active = True
        self._activated = state
        self._pilot.begin(time.monotonic())
        # What is there now stays: a search for garbage in it would only make a tick late.
        gc.collect()
        gc.freeze()
        result = super().on_activate(state)
        self._watch.look()
        return result

    @reported
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Send one safe command, then nothing more."""
        self._be_safe()
        return super().on_deactivate(state)

    @reported
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Drop interfaces, controller and chip; the node can be configured anew."""
        self._free_chip()
        self._close_interfaces()
        self._close_chip()
        return TransitionCallbackReturn.SUCCESS

    def _free_chip(self) -> None:
        if why := self._calibrator.busy():
            raise UserError(why)

    @reported
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Send one safe command if active, then end the process."""
        try:
            self._be_safe()
        finally:
            self._close_chip()
            self.finished = True
        return TransitionCallbackReturn.SUCCESS

    def leave(self) -> None:
        """Send one safe command if active, see that it arrives, and leave the chip safe."""
        try:
            if self._active:
                self._be_safe()
                self._outlet.flush()
        finally:
            self._close_chip()

    def _close_chip(self) -> None:
        try:
            self._held.close()
        finally:
            self._chip = None

    def _be_safe(self) -> None:
        if self._active:
            self._active = False
            self._publish(self._pilot.stop(self._now_ns()))

    def _close_interfaces(self) -> None:
        for timer in self._ticking:
            self.destroy_timer(timer)
        self._inlet.close()
        for service in self._requests:
            self.destroy_service(service)
        self._outlet.close()
        self._diagnostics.close()
        self._complaints, self._newest = Complaints(), None

    def _now_ns(self) -> int:
        return int(self.get_clock().now().nanoseconds)

    def _unfit(self) -> str:
        """Return what stands against going live."""
        if not self._active:
            return 'the node is not active'
        fault = self._pilot.fault(self._now_ns(), time.monotonic())
        return fault or self._calibrator.unfit()

    def _rearm(self) -> None:
        """Follow a request that was granted: one safe command stands between two modes."""
        arming = self._pilot.arming
        if self._active and (arming.stopped or arming.live != self._outlet.live):
            self._publish(self._pilot.stop(self._now_ns()))
            self._outlet.switch(arming.live, self._activated)

    def _look(self) -> Findings:
        """Return what the graph around the node does to it."""
        rivals = self._outlet.rivals() if self._outlet.live else []
        found = [(Level.WARN, f'{name} publishes on command, too') for name in rivals]
        return found + self._calibrator.findings()

    def _note(self, stamp: int, state: Floats) -> None:
        self._newest = stamp, state

    def _on_timer(self) -> None:
        if self._newest is not None:
            self._tick(*self._newest)

    def _tick(self, stamp: int, state: Floats) -> None:
        if not self._active:
            return
        began, now_ns = time.perf_counter_ns(), self._now_ns()
        decision = self._pilot.on_state(stamp, now_ns, time.monotonic(), state)
        if decision is not None:
            self._publish(decision)
        self._diagnostics.age_ns.append(now_ns - stamp)
        self._diagnostics.tick_ns.append(time.perf_counter_ns() - began)
        self._complain(self._pilot.reason)

    def _on_watchdog(self) -> float:
        """Let the watchdog look; return in how many s it is to look again."""
        steady_s = time.monotonic()
        decision = self._pilot.on_watchdog(self._now_ns(), steady_s)
        if self._active:
            if decision is not None:
                self._publish(decision)
            self._complain(self._pilot.reason)
        return self._pilot.watchdog_due_s(steady_s)

    def _publish(self, decision: Decision) -> None:
        self._outlet.publish(decision.command, decision.stamp_ns)

    def _complain(self, reason: str) -> None:
        """Log a reason once, not at every tick with other numbers, and that it is over.

        A chip that missed so little that commands are held is counted only.
        """
        pilot, steady_s = self._pilot, time.monotonic()
        if pilot.holding or pilot.waits(steady_s):
            return
        if line := self._complaints.line(reason, steady_s):
            self.get_logger().warning(line)

    def _report(self) -> None:
        if self._active:
            self._complain(self._pilot.reason)
        self._diagnostics.report(self._active, self._now_ns(), time.monotonic())


def main() -> None:
    """Run the node; the exit code is 0 after a clean end."""
    raise SystemExit(process.run(ControllerNode))


if __name__ == '__main__':
    main()
