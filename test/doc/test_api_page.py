"""The examples on the page of the Python API run, one after the other, and every name is there."""

import doctest
import re
from pathlib import Path

import pytest

import pkan_control as pk

PAGE = (Path(__file__).resolve().parents[2] / 'doc' / 'api.md').read_text()


@pytest.mark.slow
def test_the_examples_of_the_page_run():
    blocks = re.findall(r'```python\n(.*?)```', PAGE, re.DOTALL)
    known = {'pk': pk}
    runner = doctest.DocTestRunner()
    for number, text in enumerate(blocks):
        example = doctest.DocTestParser().get_doctest(text, known, f'block {number}', None, 0)
        example.globs = known
        runner.run(example, clear_globs=False)
    results = runner.summarize()
    assert results.attempted > 15
    assert results.failed == 0


def test_every_public_name_is_on_the_page():
    assert [name for name in pk.__all__ if f'`pk.{name}' not in PAGE] == []
