"""The firmware's states against a model of them that is a few lines long."""

from zlib import crc32

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pkan_control.boards.emulator.board import BOOT_US
from pkan_control.bridge import messages as m
from pkan_control.bridge.codes import BoardState, MessageKind, Status
from pkan_control.chips.board.program_image import pack_program

WATCHDOG_MS = 200
OK = Status.OK


@pytest.fixture(scope='module')
def machine(make_bench, make_program):  # noqa: C901
    images = [pack_program(make_program((2, 2), seed=seed)) for seed in range(2)]

    class Board(RuleBasedStateMachine):
        """What the protocol's page says about states, and nothing else."""

        def __init__(self):
            super().__init__()
            self.bench = make_bench()
            self.state, self.program, self.fed_us = BoardState.IDLE, 0, 0
            self.there = {}

        @property
        def resting(self):
            return BoardState.PROGRAMMED if self.program else BoardState.IDLE

        def ask(self, kind, message, expected):
            assert self.bench.ask(kind, message)[0] & 0x7F == expected

        @rule(us=st.sampled_from([1_000, 50_000, 150_000, 201_000]))
        def wait(self, us):
            self.bench.wait(us)
            if (
                self.state == BoardState.ARMED
                and self.bench.now_us - self.fed_us > 1000 * WATCHDOG_MS
            ):
                self.state = BoardState.SAFE

        @rule(number=st.integers(0, 1), slot=st.integers(0, 1), whole=st.booleans())
        def send_image(self, number, slot, whole):
            image = images[number]
            begin = m.ProgramBegin(slot, 1, 1000, len(image), crc32(image))
            self.ask(MessageKind.PROGRAM_BEGIN, begin, OK)
            part = image if whole else image[:50]
            self.ask(MessageKind.PROGRAM_DATA, m.ProgramData(slot, 0, part), OK)
            self.there[slot] = (number, whole)

        @rule(slot=st.integers(0, 1))
        def commit(self, slot):
            number, whole = self.there.get(slot, (0, False))
            crc = crc32(images[number])
            expected = {BoardState.SAFE: Status.SAFE, BoardState.FAULT: Status.HARDWARE}.get(
                self.state
            )
            if self.state == BoardState.ARMED or (expected is None and slot not in self.there):
                expected = Status.STATE
            elif expected is None:
                expected = OK if whole else Status.OFFSET_GAP
            self.ask(MessageKind.COMMIT, m.Commit(slot, crc), expected)
            if expected == OK:
                self.program, self.state = crc, BoardState.PROGRAMMED

        @rule(right=st.booleans())
        def arm(self, right):
            crc = self.program if right else self.program ^ 1
            expected = {
                BoardState.SAFE: Status.SAFE,
                BoardState.FAULT: Status.HARDWARE,
                BoardState.IDLE: Status.STATE,
            }.get(self.state, OK if right else Status.WRONG_PROGRAM)
            self.ask(MessageKind.ARM, m.Arm(crc, WATCHDOG_MS, (5, 6)), expected)
            if expected == OK:
                self.state, self.fed_us = BoardState.ARMED, self.bench.now_us

        @rule()
        def disarm(self):
            faulty = self.state == BoardState.FAULT
            self.ask(MessageKind.DISARM, m.Empty(), Status.HARDWARE if faulty else OK)
            self.state = BoardState.FAULT if faulty else self.resting

        @rule()
        def safe(self):
            self.ask(MessageKind.SAFE, m.Safe(1), OK)
            if self.state != BoardState.FAULT:
                self.state = BoardState.SAFE

        @rule()
        def ping(self):
            self.ask(MessageKind.PING, m.Ping(1), OK)
            self.fed_us = self.bench.now_us

        @rule(right=st.booleans())
        def evaluate(self, right):
            crc = self.program if right else self.program ^ 1
            expected = {
                BoardState.SAFE: Status.SAFE,
                BoardState.FAULT: Status.HARDWARE,
                BoardState.IDLE: Status.STATE,
            }.get(self.state, OK if right else Status.WRONG_PROGRAM)
            self.ask(MessageKind.EVALUATE, m.Evaluate(crc, 20_000, 0, (0, 100)), expected)
            if expected == OK:
                self.fed_us = self.bench.now_us

        @rule()
        def hello(self):
            self.bench.hello()
            if self.state == BoardState.ARMED:
                self.state = BoardState.SAFE

        @rule()
        def fail(self):
            self.bench.firmware.board.fail(1)
            self.state = BoardState.FAULT

        @rule()
        def reboot(self):
            self.bench.firmware.reboot(self.bench.now_us)
            self.bench.wait(BOOT_US)
            self.bench.hello()
            self.there, self.state = {}, self.resting

        @invariant()
        def is_as_the_model(self):
            device = self.bench.firmware.board
            assert (device.state, device.crc) == (self.state, self.program)

    return Board


def test_states_follow_the_model(machine):
    from hypothesis.stateful import run_state_machine_as_test

    limits = settings(max_examples=60, stateful_step_count=40, deadline=None, derandomize=True)
    run_state_machine_as_test(machine, settings=limits)
