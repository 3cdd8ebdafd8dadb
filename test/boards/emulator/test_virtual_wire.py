"""A wire on which time passes only while somebody reads."""

import random

import pytest

from pkan_control.boards.emulator.firmware import Firmware
from pkan_control.boards.emulator.virtual_wire import TRANSIT_S, VirtualWire
from pkan_control.bridge.codes import MessageKind
from pkan_control.bridge.link import Link
from pkan_control.bridge.messages import Empty, Ping
from pkan_control.bridge.port import Port
from pkan_control.bridge.responses import LinkLostError
from pkan_control.bridge.session import Session
from pkan_control.devices.deviations import Deviations


@pytest.fixture
def wire():
    return VirtualWire(Firmware(3, Deviations()), 3)


@pytest.fixture
def port(wire):
    chance = random.Random(3)  # noqa: S311 (no secret)
    return Port(Link('board', chance), wire.connect, wire.now_s, wire.sleep)


def test_a_request_takes_two_ways(wire, port):
    session, begin_s = Session(port), wire.now_s()
    reply = session.request(MessageKind.PING, Ping(5))
    assert reply.t_host == 5
    assert wire.now_s() - begin_s == pytest.approx(2 * TRANSIT_S)


def test_reading_passes_exactly_the_time_that_is_given(wire):
    wire.connect()
    assert wire.read(0.5) == b''
    assert wire.now_s() == pytest.approx(0.5)
    wire.sleep(1.25)
    assert wire.now_s() == pytest.approx(1.75)


def test_what_is_planned_happens_in_time_and_in_order(wire):
    heard = []
    for time_s in (0.3, 0.1, 0.2):
        wire.at(time_s, lambda time_s=time_s: heard.append((time_s, wire.now_s())))
    wire.sleep(0.25)
    assert heard == [(0.1, 0.1), (0.2, 0.2)]
    wire.sleep(0.25)
    assert len(heard) == 3


def test_a_cable_that_is_pulled_is_gone_and_comes_back(wire, port):
    session = Session(port)
    wire.unplug(0.5)
    with pytest.raises(LinkLostError):
        session.request(MessageKind.STATE, Empty())
    with pytest.raises(ConnectionError, match='no such device'):
        wire.connect()
    begin_s = wire.now_s()
    while port.link.generation < 2:
        port.pump(0.02)
    assert 0.4 < wire.now_s() - begin_s < 1.5
    assert session.request(MessageKind.STATE, Empty()).state == 1
    assert port.link.statistics.reconnects == 1
