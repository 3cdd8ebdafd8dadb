"""Requirements on the figures of a rollout: `success_rate>=0.99,final_error_m.p95<0.02`."""

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pkan_control.common.errors import UserError, unknown
from pkan_control.common.files import replace_file

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {'>=': operator.ge, '<=': operator.le, '>': operator.gt, '<': operator.lt}
)
_WORD = re.compile(r'\s*([A-Za-z_][\w.]*)\s*(>=|<=|>|<)\s*(\S+)\s*')


@dataclass(frozen=True)
class Requirement:
    """A figure, named by its path into the JSON, and the bound that it has to keep."""

    path: str
    comparison: str
    bound: float

    def __str__(self) -> str:
        return f'{self.path}{self.comparison}{self.bound:g}'


@dataclass(frozen=True)
class Verdict:
    """Whether a check passed, and the value found."""

    name: str
    passed: bool
    found: str


def parse_requirements(text: str) -> list[Requirement]:
    """Return the requirements of a text, separated by commas."""
    return [_parse(word) for word in text.split(',')]


def _parse(word: str) -> Requirement:
    match = _WORD.fullmatch(word)
    try:
        bound = float(match[3]) if match else math.nan
    except ValueError:
        bound = math.nan
    if match is None or math.isnan(bound):
        raise UserError(
            f'requirement {word!r}: write FIGURE>=NUMBER, with one of {" ".join(COMPARISONS)}'
        )
    return Requirement(match[1], match[2], bound)


def check(requirement: Requirement, figures: Mapping[str, Any]) -> Verdict:
    """Compare a figure; one that never came (null) keeps no bound."""
    value = _lookup(requirement.path, figures)
    kept = value is not None and COMPARISONS[requirement.comparison](value, requirement.bound)
    return Verdict(str(requirement), kept, 'never' if value is None else f'{value:.6g}')


def _lookup(path: str, figures: Mapping[str, Any]) -> float | None:
    value: Any = figures
    for name in path.split('.'):
        if not isinstance(value, Mapping) or name not in value:
            raise unknown('figure', path, _paths('', figures))
        value = value[name]
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise unknown('figure', path, _paths('', figures))
    return value


def _paths(prefix: str, figures: Mapping[str, Any]) -> list[str]:
    """Return the paths of all numbers."""
    found = []
    for name, value in figures.items():
        if isinstance(value, Mapping):
            found += _paths(f'{prefix}{name}.', value)
        elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            found.append(prefix + name)
    return found


def decide(
    found: Mapping[str, Mapping[str, Any]],
    requirements: Sequence[Requirement],
    against: Callable[[str, Mapping[str, Any]], list[Verdict]],
) -> dict[str, list[Verdict]]:
    """Return the verdicts on the figures of each scenario: requirements first, then `against`."""
    return {
        name: [*(check(each, figures) for each in requirements), *against(name, figures)]
        for name, figures in found.items()
    }


def write_junit(path: Path, suites: Mapping[str, Sequence[Verdict]]) -> None:
    """Write a suite for each scenario, and a case for each of its verdicts."""
    root = Element('testsuites', name='pkan rollout')
    for name, verdicts in suites.items():
        failed = sum(not verdict.passed for verdict in verdicts)
        suite = SubElement(root, 'testsuite', name=name, tests=str(len(verdicts)))
        suite.set('failures', str(failed))
        for verdict in verdicts:
            case = SubElement(suite, 'testcase', name=verdict.name, classname=name)
            if not verdict.passed:
                SubElement(case, 'failure', message=verdict.found)
    indent(root)
    replace_file(path, tostring(root, encoding='utf-8', xml_declaration=True) + b'\n')
