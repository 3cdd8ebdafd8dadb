"""The log of a node holds each reason once, whatever comes in between."""

from pkan_control.ros.nodes.diagnostics import RECOVERY_S, LogThrottle


def test_a_reason_is_logged_once_whatever_its_numbers():
    throttle = LogThrottle()
    assert throttle.line('state: 0.3 s old', 0.0) == 'state: 0.3 s old'
    assert throttle.line('state: 0.4 s old', 0.1) == ''


def test_two_that_alternate_are_logged_once_each():
    throttle = LogThrottle()
    lines = [throttle.line(('stale', 'stopped')[step % 2], step / 50) for step in range(100)]
    assert [line for line in lines if line] == ['stale', 'stopped']


def test_one_that_comes_with_every_second_message_is_logged_once():
    throttle = LogThrottle()
    lines = [throttle.line(('another frame', '')[step % 2], step / 50) for step in range(200)]
    assert [line for line in lines if line] == ['another frame']


def test_recovery_is_logged_after_a_while_without_a_reason_and_then_all_counts_anew():
    throttle = LogThrottle()
    assert throttle.line('', 0.0) == ''
    throttle.line('stale', 1.0)
    assert throttle.line('', 1.0 + RECOVERY_S) == ''
    assert throttle.line('', 1.1 + RECOVERY_S) == 'recovered: no more faults'
    assert throttle.line('', 1.2 + RECOVERY_S) == ''
    assert throttle.line('stale', 1.3 + RECOVERY_S) == 'stale'
