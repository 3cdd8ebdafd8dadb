"""Where commands go: enabling, stopping, resetting, in any order."""

from hypothesis import given
from hypothesis import strategies as st

from pkan_control.control.arming import Arming

FAULT = 'chip: no answer'


def test_it_goes_live_only_without_a_fault():
    arming = Arming()
    assert arming.enable(True, FAULT) == FAULT
    assert not arming.live
    assert arming.enable(True, '') == ''
    assert arming.live
    assert arming.enable(False, FAULT) == ''
    assert not arming.live


def test_a_stop_is_latched_and_its_reset_leaves_a_dry_run():
    arming = Arming(live=True)
    arming.stop()
    assert (arming.live, arming.stopped) == (True, True)
    assert 'reset first' in arming.enable(True, '')
    assert arming.enable(False, '') == ''
    assert (arming.live, arming.stopped) == (True, True)
    assert arming.reset(FAULT) == FAULT
    assert arming.stopped
    assert arming.reset('') == ''
    assert (arming.live, arming.stopped) == (False, False)


def test_a_stop_in_a_dry_run_stays_one():
    arming = Arming()
    arming.stop()
    assert (arming.live, arming.stopped) == (False, True)


def test_a_reset_without_an_emergency_changes_nothing():
    arming = Arming(live=True)
    assert arming.reset(FAULT) == ''
    assert arming.live


EVENTS = st.lists(
    st.tuples(st.sampled_from(['live', 'dry', 'stop', 'reset']), st.sampled_from(['', FAULT]))
)


@given(EVENTS)
def test_fault_22_nothing_but_a_healthy_reset_and_then_an_enabling_ends_a_stop(events):
    arming, stopped = Arming(live=True), False
    for event, fault in events:
        was_live = arming.live
        if event == 'stop':
            arming.stop()
            stopped = True
        elif event == 'reset':
            arming.reset(fault)
            stopped = stopped and fault != ''
        else:
            arming.enable(event == 'live', fault)
        assert arming.stopped == stopped
        assert arming.live <= (was_live or (event, fault) == ('live', ''))
