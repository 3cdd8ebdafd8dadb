"""`~/calibrate`: measure and correct the chip of an inactive controller node."""

import threading
from collections.abc import Callable
from concurrent.futures import Future as Work
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from pkan_control.chips.calibration.calibrate import HELD_OUT, calibrate
from pkan_control.chips.calibration.calibration import Calibration, program_checksum
from pkan_control.chips.calibration.calibration_file import load_calibration, save_calibration
from pkan_control.chips.calibration.sweep_cache import SweepCache
from pkan_control.chips.chip import Chip
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.seeding import stream
from pkan_control.control.calibration_age import drift
from pkan_control.control.controller import Controller, Evaluator, OnChip
from pkan_control.control.controller_file import Bundle
from pkan_control.control.health import Level
from pkan_control.networks.policy import chip_program
from pkan_control.networks.program import Program

Result = TypeVar('Result')
# How often is looked whether it is done.
LOOK_S = 0.05


async def in_background(node: Node, work: Callable[[], Result]) -> Result:
    """Return what the work returns, or raise what it raises.

    rclpy's single-threaded executor serves nothing else while a coroutine waits.
    """
    done: Work[Result] = Work()
    seen: Future[None] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    def look() -> None:
        if done.done() and not seen.done():
            seen.set_result(None)

    thread = threading.Thread(target=run, name='background', daemon=True)
    thread.start()
    timer = node.create_timer(LOOK_S, look, clock=Clock(clock_type=ClockType.STEADY_TIME))
    try:
        await seen
    finally:
        node.destroy_timer(timer)
    return done.result()


# Inputs that the outputs are fitted to: what the network heard, or drawn from all over its range.
INPUTS = 200


def known_calibration(node: Node, path: str) -> Calibration | None:
    """Return the calibration of a file; None without one, with a warning where it is missing."""
    if not path:
        return None
    if not Path(path).exists():
        node.get_logger().warning(f'{path}: no such file: the chip is not calibrated yet')
        return None
    return load_calibration(Path(path))


def drift_of(network: Evaluator, temperature_c: float | None) -> list[tuple[Level, str]]:
    """Return what stands against the calibration of a network's chip, if it has one."""
    if not isinstance(network, OnChip) or network.calibration is None:
        return []
    return drift(network.calibration, temperature_c, datetime.now(UTC))


class Calibrator:
    """Calibrates the chip of a controller on request, and arms it again."""

    def __init__(
        self,
        node: Node,
        bundle: Bundle,
        chip: Chip,
        controller: Controller,
        path: str,
        refuse: Callable[[], str],
    ) -> None:
        """Open the service; `refuse` says what stands against it now."""
        self._node, self._bundle, self._chip, self._path = node, bundle, chip, path
        self._network = controller.evaluator
        self._refuse = refuse
        # What is done now, while a calibration runs; and that the node leaves meanwhile.
        self.stage, self._left = '', False
        # What a board tells by itself may not have come yet.
        chip.telemetry()
        self.service = node.create_service(Trigger, '~/calibrate', self._on_request)

    def findings(self) -> list[tuple[Level, str]]:
        """Return what is wrong with the chip, the worst first."""
        found = [(Level.WARN, f'chip: {text}') for text in self._chip.condition().warnings]
        return drift_of(self._network, self._chip.condition().temperature_c) + found

    def unfit(self) -> str:
        """Return why the chip must not be armed, nothing where it may."""
        return ''.join(text for level, text in self.findings() if level == Level.ERROR)

    def values(self) -> dict[str, object]:
        """Return what is known of the chip, by keys with units."""
        condition, calibration = (
            self._chip.condition(),
            getattr(self._network, 'calibration', None),
        )
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
        """Return why nobody else may use the chip now, nothing where they may."""
        return 'the chip is being calibrated' if self.stage else ''

    def leave(self) -> None:
        """Give up what runs: the chip is not armed after it."""
        self._left = True

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
        """Return what a calibration says; until then nobody else may use the chip."""
        self.stage = 'begins'
        try:
            return await in_background(self._node, measure)
        finally:
            self.stage = ''

    def _prepare(self) -> Callable[[], str]:
        """Return what calibrates, in whichever thread; raise a `UserError` where it must not."""
        network = self._network
        if why := self.busy() or self._refuse():
            raise UserError(why)
        if not self._path:
            raise UserError('parameter calibration is empty: give the path of the file to write')
        program = chip_program(self._bundle.policy, 'calibrate')
        if not isinstance(network, OnChip):
            raise UserError('no chip is open: there is nothing to calibrate')
        return partial(self._measure, Path(self._path), program, network)

    def _tell(self, stage: str, done: int, total: int) -> None:
        if self._left:
            raise UserError('calibrate: the node ends')
        self.stage = f'{stage}: {done} of {total}'
        if done == total:
            self._node.get_logger().info(f'calibrate: {stage} done')

    def _measure(self, path: Path, program: Program, network: OnChip) -> str:
        about = {'uid': self._chip.identity.uid, 'program': program_checksum(program)}
        cache = SweepCache(path.with_suffix('.sweeps'), about)
        date = datetime.now(UTC).isoformat(timespec='seconds')
        inputs = heard_inputs(network, program)
        try:
            calibration = calibrate(self._chip, program, inputs, date, cache, self._tell)
            save_calibration(path, calibration)
            network.calibration = calibration
            cache.remove()
        finally:
            if not self._left:
                network.arm()
        faults = ''.join(f'; {fault}' for fault in calibration.faults)
        raw, trimmed = calibration.raw.output_nrmse, calibration.trimmed.output_nrmse
        return f'{path}: error of the outputs {raw:.1%} before, {trimmed:.1%} after{faults}'


def heard_inputs(network: OnChip, program: Program) -> Floats:
    """Return inputs `[200, n_in]` that a network heard, or such from all over its range."""
    draw = stream(0, 'inputs of a calibration')
    if len(network.heard) < 2 * HELD_OUT:
        return draw.random((INPUTS, program.shape[0]))
    return np.array(network.heard)[draw.permutation(len(network.heard))[:INPUTS]]
