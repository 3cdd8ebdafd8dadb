"""The firmware's states against a model of them that is a few lines long."""

from zlib import crc32

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pkan_control.boards.emulator.device import BOOT_US
from pkan_control.bridge import messages as m
from pkan_control.bridge.codes import Kind, State, Status
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
            self.state, self.program, self.fed_us = State.IDLE, 0, 0
            self.there = {}

        @property
        def resting(self):
            return State.PROGRAMMED if self.program else State.IDLE

        def ask(self, kind, message, expected):
            assert self.bench.ask(kind, message)[0] & 0x7F == expected

        @rule(us=st.sampled_from([1_000, 50_000, 150_000, 201_000]))
        def wait(self, us):
            self.bench.wait(us)
            if self.state == State.ARMED and self.bench.now_us - self.fed_us > 1000 * WATCHDOG_MS:
                self.state = State.SAFE

        @rule(number=st.integers(0, 1), slot=st.integers(0, 1), whole=st.booleans())
        def send_image(self, number, slot, whole):
            image = images[number]
            begin = m.ProgramBegin(slot, 1, 1000, len(image), crc32(image))
            self.ask(Kind.PROGRAM_BEGIN, begin, OK)
            part = image if whole else image[:50]
            self.ask(Kind.PROGRAM_DATA, m.ProgramData(slot, 0, part), OK)
            self.there[slot] = (number, whole)

        @rule(slot=st.integers(0, 1))
        def commit(self, slot):
            number, whole = self.there.get(slot, (0, False))
            crc = crc32(images[number])
            expected = {State.SAFE: Status.SAFE, State.FAULT: Status.HARDWARE}.get(self.state)
            if self.state == State.ARMED or (expected is None and slot not in self.there):
                expected = Status.STATE
            elif expected is None:
                expected = OK if whole else Status.OFFSET_GAP
            self.ask(Kind.COMMIT, m.Commit(slot, crc), expected)
            if expected == OK:
                self.program, self.state = crc, State.PROGRAMMED

        @rule(right=st.booleans())
        def arm(self, right):
            crc = self.program if right else self.program ^ 1
            expected = {
                State.SAFE: Status.SAFE, State.FAULT: Status.HARDWARE, State.IDLE: Status.STATE,
            }.get(self.state, OK if right else Status.WRONG_PROGRAM)  # fmt: skip
            self.ask(Kind.ARM, m.Arm(crc, WATCHDOG_MS, (5, 6)), expected)
            if expected == OK:
                self.state, self.fed_us = State.ARMED, self.bench.now_us

        @rule()
        def disarm(self):
            faulty = self.state == State.FAULT
            self.ask(Kind.DISARM, m.Empty(), Status.HARDWARE if faulty else OK)
            self.state = State.FAULT if faulty else self.resting

        @rule()
        def safe(self):
            self.ask(Kind.SAFE, m.Safe(1), OK)
            if self.state != State.FAULT:
                self.state = State.SAFE

        @rule()
        def ping(self):
            self.ask(Kind.PING, m.Ping(1), OK)
            self.fed_us = self.bench.now_us

        @rule(right=st.booleans())
        def evaluate(self, right):
            crc = self.program if right else self.program ^ 1
            expected = {
                State.SAFE: Status.SAFE, State.FAULT: Status.HARDWARE, State.IDLE: Status.STATE,
            }.get(self.state, OK if right else Status.WRONG_PROGRAM)  # fmt: skip
            self.ask(Kind.EVALUATE, m.Evaluate(crc, 20_000, 0, (0, 100)), expected)
            if expected == OK:
                self.fed_us = self.bench.now_us

        @rule()
        def hello(self):
            self.bench.hello()
            if self.state == State.ARMED:
                self.state = State.SAFE

        @rule()
        def fail(self):
            self.bench.firmware.device.fail(1)
            self.state = State.FAULT

        @rule()
        def reboot(self):
            self.bench.firmware.reboot(self.bench.now_us)
            self.bench.wait(BOOT_US)
            self.bench.hello()
            self.there, self.state = {}, self.resting

        @invariant()
        def is_as_the_model(self):
            device = self.bench.firmware.device
            assert (device.state, device.crc) == (self.state, self.program)

    return Board


def test_states_follow_the_model(machine):
    from hypothesis.stateful import run_state_machine_as_test

    limits = settings(max_examples=60, stateful_step_count=40, deadline=None, derandomize=True)
    run_state_machine_as_test(machine, settings=limits)
