"""Service `~/calibrate`: calibrates the chip of a configured, inactive controller node."""

import threading
from collections.abc import Callable
from concurrent.futures import Future as ThreadFuture
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from pkan_control.chips.calibration.calibrate import HELD_OUT, calibrate
from pkan_control.chips.calibration.calibration import (
    Calibration,
    load_calibration,
    program_checksum,
    save_calibration,
)
from pkan_control.chips.calibration.sweep_cache import SweepCache
from pkan_control.chips.chip import Chip
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.seeding import stream
from pkan_control.control.controller import Controller, Evaluator, OnChip
from pkan_control.control.controller_file import ControllerFile
from pkan_control.control.health import Level, calibration_faults
from pkan_control.networks.policy import chip_program
from pkan_control.networks.program import Program
from pkan_control.ros.nodes.clocks import steady_timer

Result = TypeVar('Result')
# Number of inputs that the outputs are fitted to.
INPUT_COUNT = 200
# How often a background thread is polled for its end.
POLL_S = 0.05


async def in_background(node: Node, work: Callable[[], Result]) -> Result:
    """Return the result of a function that runs in a thread, or raise its exception.

    The events executor serves other callbacks meanwhile; rclpy's single-threaded one serves
    nothing else while a coroutine waits.
    """
    done: ThreadFuture[Result] = ThreadFuture()
    polled: Future[None] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    def poll() -> None:
        if done.done() and not polled.done():
            polled.set_result(None)

    thread = threading.Thread(target=run, name='background', daemon=True)
    thread.start()
    timer = steady_timer(node, POLL_S, poll)
    try:
        await polled
    finally:
        node.destroy_timer(timer)
    return done.result()


def known_calibration(node: Node, path: str) -> Calibration | None:
    """Return the calibration of a file; None for no path, or, with a warning, for no file."""
    if not path:
        return None
    if not Path(path).exists():
        node.get_logger().warning(f'{path}: no such file: the chip is not calibrated yet')
        return None
    return load_calibration(Path(path))


def drift_of(network: Evaluator, temperature_c: float | None) -> list[tuple[Level, str]]:
    """Return how far a chip has drifted from its calibration; nothing where it has none."""
    if not isinstance(network, OnChip) or network.calibration is None:
        return []
    return calibration_faults(network.calibration, temperature_c, datetime.now(UTC))


class Calibrator:
    """Calibrates the chip of a controller on request, then arms it again."""

    def __init__(
        self,
        node: Node,
        controller_file: ControllerFile,
        chip: Chip,
        controller: Controller,
        path: str,
        refuse: Callable[[], str],
    ) -> None:
        """Open the service; `refuse` returns the reason to refuse a request, empty for none."""
        self._node, self._chip, self._path = node, chip, path
        self._controller_file, self._network = controller_file, controller.evaluator
        self._refuse = refuse
        # The stage of the calibration that runs, and whether it is to be abandoned.
        self.stage, self._is_abandoned = '', False
        # A board may not have sent its telemetry yet.
        chip.telemetry()
        self.service = node.create_service(Trigger, '~/calibrate', self._on_request)

    def findings(self) -> list[tuple[Level, str]]:
        """Return level and text of each fault of the chip, the worst first."""
        found = [(Level.WARN, f'chip: {text}') for text in self._chip.condition().warnings]
        return drift_of(self._network, self._chip.condition().temperature_c) + found

    def fault(self) -> str:
        """Return why the chip must not be armed; empty where it may."""
        return '; '.join(text for level, text in self.findings() if level == Level.ERROR)

    def values(self) -> dict[str, object]:
        """Return the diagnostic values of the chip; the keys carry the units."""
        condition = self._chip.condition()
        calibration = getattr(self._network, 'calibration', None)
        found: dict[str, object] = {'chip': self._chip.identity.uid, **condition.counters}
        if condition.temperature_c is not None:
            found['chip temperature [degC]'] = f'{condition.temperature_c:.1f}'
        if calibration is not None:
            found['chip calibrated'] = calibration.date
            found['chip elements dead or stuck'] = (
                '; '.join(map(str, calibration.faults)) or 'none'
            )
        if self.stage:
            found['chip is being calibrated'] = self.stage
        return found

    def busy(self) -> str:
        """Return why the chip is not available now; empty where it is."""
        return 'the chip is being calibrated' if self.stage else ''

    def abandon(self) -> None:
        """End a calibration that runs, without arming the chip afterwards."""
        self._is_abandoned = True

    async def _on_request(self, request: Trigger.Request, response: Trigger.Response) -> object:
        try:
            response.message = await self._calibrate(self._prepare())
            response.success = True
            self._node.get_logger().info(response.message)
        except UserError as error:
            response.message = str(error)
            self._node.get_logger().warning(f'calibrate refused: {error}')
        return response

    async def _calibrate(self, measure: Callable[[], str]) -> str:
        """Return the result of a calibration; the chip is not available until then."""
        self.stage = 'begins'
        try:
            return await in_background(self._node, measure)
        finally:
            self.stage = ''

    def _prepare(self) -> Callable[[], str]:
        """Return the function that calibrates; raise a `UserError` where that is refused."""
        network = self._network
        if why := self.busy() or self._refuse():
            raise UserError(why)
        if not self._path:
            raise UserError('parameter calibration is empty: give the path of the file to write')
        program = chip_program(self._controller_file.policy, 'calibrate')
        if not isinstance(network, OnChip):
            raise UserError('no chip is open: there is nothing to calibrate')
        return partial(self._measure, Path(self._path), program, network)

    def _report(self, stage: str, done: int, total: int) -> None:
        """Take note of progress; raise a `UserError` to end an abandoned calibration."""
        if self._is_abandoned:
            raise UserError('calibrate: abandoned, the node ends')
        self.stage = f'{stage}: {done} of {total}'
        if done == total:
            self._node.get_logger().info(f'calibrate: {stage} done')

    def _measure(self, path: Path, program: Program, network: OnChip) -> str:
        """Calibrate the chip, save and use the calibration; return a summary."""
        subject = {'uid': self._chip.identity.uid, 'program': program_checksum(program)}
        cache = SweepCache(path.with_suffix('.sweeps'), subject)
        date = datetime.now(UTC).isoformat(timespec='seconds')
        inputs = calibration_inputs(network, program)
        try:
            calibration = calibrate(self._chip, program, inputs, date, cache, self._report)
            save_calibration(path, calibration)
            network.calibration = calibration
            cache.remove()
        finally:
            if not self._is_abandoned:
                network.arm()
        faults = ''.join(f'; {fault}' for fault in calibration.faults)
        raw, trimmed = calibration.raw.output_nrmse, calibration.trimmed.output_nrmse
        return f'{path}: error of the outputs {raw:.1%} before, {trimmed:.1%} after{faults}'


def calibration_inputs(network: OnChip, program: Program) -> Floats:
    """Return inputs `[200, n_in]`: recent ones of the network, or random ones of its range."""
    draw = stream(0, 'inputs of a calibration')
    if len(network.recent_inputs) < 2 * HELD_OUT:
        return draw.random((INPUT_COUNT, program.shape[0]))
    return np.array(network.recent_inputs)[
        draw.permutation(len(network.recent_inputs))[:INPUT_COUNT]
    ]
