"""Verdicts as JUnit XML, which CI services show."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pkan_control.files import replace_file
from pkan_control.rollouts.gate import Verdict


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
