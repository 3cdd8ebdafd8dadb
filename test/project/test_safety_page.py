"""Every fault has its test, and the page of safety names them."""

import pytest
from safety_page import DOC, FAULTS, named_tests, page


def test_every_fault_has_a_test_and_every_such_test_its_fault() -> None:
    assert set(FAULTS) == set(range(1, 36))
    assert set(named_tests()) == set(FAULTS)


@pytest.mark.slow
def test_the_page_is_up_to_date() -> None:
    assert DOC.read_text() == page(), 'python test/project/safety_page.py'
