"""A host without threads or sockets, and boards that run in a thread."""

import itertools

import pytest

from pkan_control.boards.emulator.board import BOOT_US
from pkan_control.boards.emulator.firmware import Firmware
from pkan_control.bridge.codes import MAGIC, MessageKind
from pkan_control.bridge.frame import EVENT, WILDCARD, Decoder, Frame, encode
from pkan_control.bridge.layouts import REQUESTS, RESPONSES
from pkan_control.bridge.messages import Hello
from pkan_control.devices.deviations import Deviations

EXACT = Deviations()


class Bench:
    """Asks a firmware, at a time in us that the test sets."""

    def __init__(self, deviations=EXACT, seed=7):
        self.firmware = Firmware(seed, deviations)
        self.now_us = BOOT_US
        self.decoder = Decoder()
        self.sequence = itertools.count()
        self.session = 0
        self.events = []
        self.nonce = 0
        self.hello()

    def frame(self, kind, message, session=None, sequence=None, flags=0):
        number = next(self.sequence) & 0xFFFF if sequence is None else sequence
        session = self.session if session is None else session
        return Frame(kind, number, session, REQUESTS[kind].pack(message), flags)

    def send(self, frame):
        """Return the answers as frames; events are kept."""
        return self.take(self.firmware.receive(encode(frame), self.now_us))

    def take(self, data):
        frames = self.decoder.feed(data)
        self.events += [frame for frame in frames if frame.flags & EVENT]
        return [frame for frame in frames if not frame.flags & EVENT]

    def ask(self, kind, message, session=None):
        """Return status and response (the raw payload where it is refused)."""
        if kind == MessageKind.SAFE:
            session = WILDCARD
        (answer,) = self.send(self.frame(kind, message, session))
        if answer.status & 0x7F not in (0, 15) or not answer.payload:
            return answer.status, answer.payload
        return answer.status, RESPONSES[kind].unpack(answer.payload)

    def hello(self):
        self.nonce += 1
        status, reply = self.ask(MessageKind.HELLO, Hello(MAGIC, 1, 1, 1200, self.nonce, 0), 0)
        assert status & 0x7F == 0
        self.session = reply.session
        return reply

    def wait(self, us):
        self.now_us += us
        self.take(self.firmware.tick(self.now_us))


@pytest.fixture
def bench():
    return Bench()


@pytest.fixture(scope='session')
def make_bench():
    return Bench
