"""The session, over a transport that is a firmware in memory: retries, losses, wild answers."""

import threading
import time
from collections import deque

import pytest

from pkan_control.boards.emulator.board import BOOT_US
from pkan_control.boards.emulator.firmware import Firmware
from pkan_control.bridge.codes import MessageKind
from pkan_control.bridge.frame import Decoder, encode
from pkan_control.bridge.layouts import RESPONSES
from pkan_control.bridge.messages import Empty, Evaluate, Ping
from pkan_control.bridge.responses import BoardError, LinkLostError, LinkTimeoutError
from pkan_control.bridge.session import ThreadedSession
from pkan_control.devices.deviations import Deviations


class Loop:
    """A transport whose other end is a firmware; `spoil` changes what comes back."""

    def __init__(self, firmware=None, spoil=lambda data: data):
        self.firmware = firmware or Firmware(1, Deviations())
        self.spoil = spoil
        self.came, self.broken, self.closed = deque(), False, 0
        self.sent = []

    def ready(self, timeout_s):
        end = time.monotonic() + timeout_s
        while not (self.came or self.broken) and time.monotonic() < end:
            time.sleep(0.0005)
        return bool(self.came)

    def read(self, timeout_s):
        if self.broken:
            raise ConnectionError('pulled out')
        return self.came.popleft() if self.ready(timeout_s) else b''

    def write(self, data):
        self.sent += Decoder().feed(data)
        answer = self.firmware.receive(data, BOOT_US + time.monotonic_ns() // 1000)
        self.came.append(self.spoil(answer))

    def close(self):
        self.closed += 1


@pytest.fixture
def link():
    loop = Loop()
    session = ThreadedSession('loop', lambda: loop)
    yield loop, session
    session.close()
    assert not session._thread.is_alive()


def until(condition, limit_s=5.0):
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def silent(loop):
    loop.spoil = lambda data: b''


def test_an_idempotent_request_is_sent_three_times_with_one_number(link):
    loop, session = link
    silent(loop)
    loop.sent.clear()
    begin = time.monotonic()
    with pytest.raises(LinkTimeoutError, match='no answer to STATE after 3 tries'):
        session.request(MessageKind.STATE, Empty())
    assert 0.7 <= time.monotonic() - begin < 1.5
    states = [frame for frame in loop.sent if frame.kind == MessageKind.STATE]
    assert [frame.flags for frame in states] == [0, 2, 2]
    assert len({frame.sequence for frame in states}) == 1


def test_a_lost_answer_is_asked_for_again(link):
    loop, session = link
    silent(loop)
    threading.Timer(0.05, lambda: setattr(loop, 'spoil', lambda data: data)).start()
    assert session.request(MessageKind.STATE, Empty()).state == 1
    assert session.link.statistics.retransmitted == 1


def test_an_evaluation_is_sent_once(link):
    loop, session = link
    silent(loop)
    with pytest.raises(LinkTimeoutError):
        session.request_once(MessageKind.EVALUATE, Evaluate(0, 1000, 0, (1,)), 0.3)
    assert len([frame for frame in loop.sent if frame.kind == MessageKind.EVALUATE]) == 1


def test_a_refusal_is_one_line_with_its_name(link):
    _, session = link
    with pytest.raises(BoardError, match='loop: EVALUATE refused: state'):
        session.request_once(MessageKind.EVALUATE, Evaluate(0, 1000, 0, (1,)), 0.3)


def test_pings_go_on_by_themselves_and_tell_the_clock(link):
    _, session = link
    until(lambda: len(session.link.statistics.round_trips_us) >= 4)
    assert abs(session.link.clock.offset_us - BOOT_US) < 20_000


def test_fault_25_a_link_that_broke_is_opened_again_and_waiting_requests_end(link):
    loop, session = link
    silent(loop)
    threading.Timer(0.02, lambda: setattr(loop, 'broken', True)).start()
    with pytest.raises(LinkLostError, match=r'the link is down .pulled out'):
        session.request(MessageKind.STATE, Empty())
    with pytest.raises(LinkLostError, match=r'the link is down .pulled out'):
        session.request(MessageKind.STATE, Empty())
    loop.broken, loop.spoil = False, lambda data: data
    until(lambda: session.link.statistics.reconnects == 1)
    assert session.link.generation == 2
    assert session.link.interrupted == 'the link was interrupted'
    assert session.request(MessageKind.STATE, Empty()).state == 1


def test_threads_that_ask_at_once_get_each_its_own_answer(link):
    _, session = link
    wrong = []

    def ask(first):
        for number in range(first, first + 200):
            reply = session.request(MessageKind.PING, Ping(number))
            if reply.t_host != number:
                wrong.append((number, reply))

    threads = [threading.Thread(target=ask, args=(1000 * each,)) for each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    assert wrong == []
    assert session.link.statistics.retransmitted == session.link.statistics.late == 0


def test_fault_25_another_board_on_the_same_line_is_not_taken(link):
    loop, session = link
    loop.firmware = Firmware(2, Deviations())
    until(lambda: 'another board' in session.link.interrupted)
    with pytest.raises(LinkLostError, match=r'another board, 454d550002.*, was 454d550001'):
        session.request(MessageKind.STATE, Empty())


def test_silence_is_a_lost_link_while_watched(link):
    loop, session = link
    silent(loop)
    time.sleep(0.3)
    assert session.link.generation == 1
    session.link.watched = True
    until(lambda: 'nothing received for 0.18 s' in session.link.interrupted or loop.closed)


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        ({'magic': 5}, 'magic 0x00000005, must be 0x4E414B50'),
        ({'version': 2}, 'speaks version 2, this host version 1'),
        ({'dictionary_crc': 1}, 'dictionary 0x00000001, this host 0x'),
    ],
)
def test_fault_25_a_board_of_another_protocol_is_refused_with_both_values(change, words):
    def spoil(data):
        (frame,) = Decoder().feed(data)
        reply = RESPONSES[MessageKind.HELLO].unpack(frame.payload)._replace(**change)
        return encode(frame._replace(payload=RESPONSES[MessageKind.HELLO].pack(reply)))

    loop = Loop(spoil=lambda data: spoil(data) if data else data)
    with pytest.raises(BoardError, match=words):
        ThreadedSession('loop', lambda: loop)
    assert loop.closed == 1
