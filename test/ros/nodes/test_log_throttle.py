"""The log of a node says each thing once, whatever comes in between."""

from pkan_control.ros.nodes.log_throttle import WELL_S, Complaints


def test_a_reason_is_told_once_whatever_its_numbers():
    complaints = Complaints()
    assert complaints.line('state: 0.3 s old', 0.0) == 'state: 0.3 s old'
    assert complaints.line('state: 0.4 s old', 0.1) == ''


def test_two_that_take_turns_are_told_once_each():
    complaints = Complaints()
    told = [complaints.line(('stale', 'stopped')[step % 2], step / 50) for step in range(100)]
    assert [line for line in told if line] == ['stale', 'stopped']


def test_one_that_comes_with_every_second_message_is_told_once():
    complaints = Complaints()
    told = [complaints.line(('another frame', '')[step % 2], step / 50) for step in range(200)]
    assert [line for line in told if line] == ['another frame']


def test_all_is_well_when_nothing_has_been_wrong_for_a_while_and_then_all_counts_anew():
    complaints = Complaints()
    assert complaints.line('', 0.0) == ''
    complaints.line('stale', 1.0)
    assert complaints.line('', 1.0 + WELL_S) == ''
    assert complaints.line('', 1.1 + WELL_S) == 'all is well again'
    assert complaints.line('', 1.2 + WELL_S) == ''
    assert complaints.line('stale', 1.3 + WELL_S) == 'stale'
