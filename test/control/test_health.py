"""Counters as levels: what is rare is a warning, what persists an error."""

from dataclasses import replace

import pytest

from pkan_control.control.health import SYMPTOMS, Level, judge
from pkan_control.control.supervisor import Counters

BEFORE = Counters(ticks=1000, clipped=7, overruns=3)


def after(**changes: int) -> Counters:
    counted = {name: getattr(BEFORE, name) + more for name, more in changes.items()}
    return replace(BEFORE, ticks=1050, **counted)


def test_nothing_new_is_nothing():
    assert judge(BEFORE, after()) == []


@pytest.mark.parametrize(
    ('changes', 'wanted'),
    [
        ({'clipped': 1}, (Level.WARN, 'commands clipped: 1 of 50')),
        ({'clipped': 25}, (Level.WARN, 'commands clipped: 25 of 50')),
        ({'clipped': 26}, (Level.ERROR, 'commands clipped: 26 of 50')),
        ({'not_finite': 1}, (Level.ERROR, 'commands not finite: 1 of 50')),
        ({'overruns': 5}, (Level.WARN, 'ticks missed: 5 of 50')),
        ({'overruns': 6}, (Level.ERROR, 'ticks missed: 6 of 50')),
        ({'late': 6}, (Level.ERROR, 'evaluations slower than their deadline: 6 of 50')),
    ],
    ids=str,
)
def test_fault_07_what_persists_is_an_error(changes, wanted):
    assert judge(BEFORE, after(**changes)) == [wanted]


def test_fault_14_ticks_that_are_missed_again_and_again_are_an_error():
    levels = [judge(BEFORE, after(overruns=count))[0][0] for count in (1, 5, 6, 50)]
    assert levels == [Level.WARN, Level.WARN, Level.ERROR, Level.ERROR]


@pytest.mark.parametrize(('late', 'level'), [(1, Level.WARN), (2, Level.WARN), (3, Level.ERROR)])
def test_few_ticks_are_no_base_for_an_error(late, level):
    counters = replace(BEFORE, ticks=BEFORE.ticks + 3, late=late)
    assert [found for found, _ in judge(BEFORE, counters)] == [level]


def test_the_worst_comes_first():
    assert [level for level, _ in judge(BEFORE, after(clipped=1, chip_missed=50))] == [2, 1]


def test_every_symptom_is_a_counter():
    names = {symptom.counter for symptom in SYMPTOMS}
    assert names < set(vars(Counters()))
