"""One flight of the soak: a controller, its board, an operator, and faults that come and go."""

import random
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from faults import Trouble
from law import LAW, controller_file

from pkan_control.boards.emulator.faults import FAULTS
from pkan_control.boards.emulator.firmware import Firmware
from pkan_control.boards.emulator.virtual_wire import VirtualWire
from pkan_control.bridge.codes import BoardState
from pkan_control.bridge.link import Link
from pkan_control.bridge.port import Port
from pkan_control.bridge.session import Session
from pkan_control.chips.board.board_chip import BoardChip
from pkan_control.common.errors import UserError
from pkan_control.control.controller import OnChip, make_controller
from pkan_control.control.supervisor import Limits, Supervisor
from pkan_control.devices.deviations import Deviations
from pkan_control.networks.policy import chip_program

PERIOD_S = 0.02
# What happens between two faults, but for the last second: then all is judged.
JUDGED_S = 9.0
# While it is awaited that the board goes safe, it is watched this often.
WATCH_S = 0.0005
# An operator takes so long to ask for arming once a fault is over.
PATIENCE_S = 0.1


@dataclass
class Outcome:
    """How one fault went: when host and board were safe, and when all was over, in s after it."""

    name: str
    host_s: float | None = None
    board_s: float | None = None
    over_s: float = 0.0
    recovered_s: float | None = None
    wrong: list[str] = field(default_factory=list)


class Flight:
    """A controller, its board, an operator, and the clock that they all go by."""

    def __init__(self, seed: int) -> None:
        """Load the program and arm."""
        self._firmware = Firmware(seed, Deviations())
        self.wire = VirtualWire(self._firmware, seed)
        link = Link('board', random.Random(seed))  # noqa: S311 (no secret)
        self._port = Port(link, self.wire.connect, self.wire.now_s, self.wire.sleep)
        self._link, self._chip = link, BoardChip(Session(self._port))
        self._controller_file = controller_file()
        controller = make_controller(self._controller_file, self._chip)
        self._evaluator = cast(OnChip, controller.evaluator)
        self.supervisor = Supervisor(LAW, controller, Limits())
        self.supervisor.on_goal(1, 0.0, np.zeros(1))
        self._tick_s = self.wire.now_s() + PERIOD_S
        self._state = np.zeros(2)
        self._remedied_s = 0.0
        self._trouble: Trouble | None = None
        self._outcome = Outcome('before the first')
        self._struck_s = 0.0

    def counters(self) -> dict[str, int]:
        """Return all that is counted."""
        host, firmware = self._link.statistics, self._firmware
        return {
            'timeouts': host.timeouts, 'late': host.late, 'malformed': host.malformed,
            'wrong session': host.wrong_session, 'damaged': host.damaged,
            'event gaps': host.event_gaps, 'reconnects': host.reconnects,
            'retransmitted': host.retransmitted, 'board damaged': firmware.decoder.errors.total,
            'board gaps': firmware.sequence_gaps, 'boots': firmware.board.boot_count,
            'chip missed': self.supervisor.counters.chip_missed,
            'not finite': self.supervisor.counters.not_finite,
        }  # fmt: skip

    def suffer(self, trouble: Trouble, begin_s: float, seconds: float) -> Outcome:
        """Fly on into a fault, and until shortly before the next one; judge it."""
        before = self.counters()
        self.fly(begin_s - PERIOD_S)
        self._strike(trouble, seconds)
        outcome = self._outcome
        self.fly(begin_s + JUDGED_S)
        self._trouble = None
        self._judge(trouble, outcome, before)
        return outcome

    def _strike(self, trouble: Trouble, seconds: float) -> None:
        self._struck_s = self.wire.now_s()
        self._trouble, self._outcome = trouble, Outcome(trouble.name, over_s=seconds)
        self._remedied_s = 0.0
        if trouble.safe:
            self.wire.at(self._struck_s + WATCH_S, self._watch)
        if not trouble.while_loading:
            trouble.strike(self.wire, seconds)
            return
        self.wire.at(self._struck_s + WATCH_S, lambda: trouble.strike(self.wire, seconds))
        try:
            self._load()
        except UserError:
            self._outcome.over_s = self.wire.now_s() - self._struck_s

    def fly(self, until_s: float) -> None:
        """Let ticks come until a time."""
        while self._tick_s < until_s:
            self._idle(self._tick_s)
            self._tick()
        self._idle(until_s)

    def _idle(self, until_s: float) -> None:
        """Serve the link until a time."""
        while (left := until_s - self.wire.now_s()) > 0:
            self._port.pump(left)

    def _watch(self) -> None:
        """Note when the board is not armed any more, whatever the host does meanwhile."""
        now_s = self.wire.now_s()
        if self._firmware.board.state != BoardState.ARMED:
            self._outcome.board_s = now_s - self._struck_s
        elif self._trouble is not None:
            self.wire.at(now_s + WATCH_S, self._watch)

    def _tick(self) -> None:
        now_s = self.wire.now_s()
        self._tick_s += PERIOD_S * max(1, round((now_s - self._tick_s) / PERIOD_S))
        self._state = np.array([np.sin(now_s), np.cos(now_s)])
        stamp = round(now_s * 1e9)
        decision = self.supervisor.on_state(stamp, stamp, now_s, self._state)
        self.supervisor.counters.inference_ns.clear()
        if decision is None or decision.safe:
            self._note_safe()
        elif self._outcome.host_s is not None and self._outcome.recovered_s is None:
            self._note_command()

    def _note_safe(self) -> None:
        outcome, since_s = self._outcome, self.wire.now_s() - self._struck_s
        if outcome.host_s is None:
            outcome.host_s = since_s
        if since_s > outcome.over_s + PATIENCE_S and self._link.is_open:
            self._attend()

    def _note_command(self) -> None:
        outcome = self._outcome
        if not self._remedied_s:
            outcome.wrong.append('armed again without being asked')
        outcome.recovered_s = self.wire.now_s() - self._struck_s - outcome.over_s

    def _attend(self) -> None:
        """Do what an operator would, until it works."""
        trouble = self._trouble
        remedy = '' if trouble is None else trouble.remedy
        try:
            if remedy == 'power cycle' and not self._remedied_s:
                FAULTS['reboot'](self._firmware, self.wire.now_us)
            elif remedy == 'load':
                self._load()
            else:
                self._evaluator.arm()
            self._remedied_s = self.wire.now_s()
        except UserError:
            pass

    def _load(self) -> None:
        self._chip.program(chip_program(self._controller_file.policy, 'load'))
        self._evaluator.arm()

    def _judge(self, trouble: Trouble, outcome: Outcome, before: dict[str, int]) -> None:
        """Compare what was counted with what this fault must leave."""
        after = self.counters()
        rebooted = after['boots'] != before['boots']
        for name, count in after.items():
            anew = rebooted and name.startswith('board')
            rise = count if anew else count - before[name]
            low, high = trouble.expected.get(name, (0, 0))
            if not low <= rise <= high:
                outcome.wrong.append(f'{name} rose by {rise}, not {low} to {high}')
        if trouble.safe and None in (outcome.host_s, outcome.board_s, outcome.recovered_s):
            outcome.wrong.append('did not go safe and come back')
        if not trouble.safe and outcome.host_s is not None:
            outcome.wrong.append('went safe')
