"""Values in a launch file: substitutions, words, typed parameters, and what is refused."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.common.errors import UserError
from pkan_control.ros.launch_runner.values import perform, typed, words

VARIABLES = {'a': '1', 'b': 'x y'}


def performed(text):
    return perform(text, Path('/dir'), VARIABLES)


@given(st.text(alphabet=st.characters(exclude_characters='\\')).filter(lambda t: '$(' not in t))
def test_text_without_substitutions_is_itself(text):
    assert performed(text) == text


@pytest.mark.parametrize(
    ('text', 'expected'),
    [('$(var a)', '1'), ('$(dirname)/$(var b)$', '/dir/x y$'), ('a)b "c', 'a)b "c')],
)
def test_substitutions(text, expected):
    assert performed(text) == expected


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('$(no x)', "unsupported substitution '$(no x)' (allowed: $(dirname), $(find-pkg-share"),
        ('$(env HOME)', 'run this with ros2 launch'),
        ('$(var)', "unsupported substitution '$(var)'"),
        ('$(dirname a)', "unsupported substitution '$(dirname a)'"),
        ('$(var a b)', "unsupported substitution '$(var a b)'"),
        ('$(var  a)', "unsupported substitution '$(var  a)'"),
        ("$(var 'a')", 'unsupported substitution "$(var \'a\')"'),
        ('$(var $(var a))', "unsupported nesting or escape '$(var $(var a))'"),
        ('$(var a', "unsupported nesting or escape '$(var a'"),
        ('\\$(var a)', 'unsupported nesting or escape'),
        ('$(var x)', "unknown variable 'x': allowed are a, b"),
        ('$(find-pkg-share no_such_package)', "'no_such_package' is not in AMENT_PREFIX_PATH"),
        ('$(find-pkg-share ../x)', "'../x' is not in AMENT_PREFIX_PATH"),
    ],
)
def test_refused_substitutions_are_named(text, message):
    with pytest.raises(UserError, match=re.escape(message)):
        performed(text)


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('a b', ['a', 'b']),
        ('$(var b)$(var b) $(var b)', ['x yx y', 'x y']),
        ('-d $(dirname)/c', ['-d', '/dir/c']),
        ('', ['']),
    ],
)
def test_words_of_a_command_line(text, expected):
    assert words(text, performed) == expected


def test_quotes_in_a_command_line_are_refused():
    with pytest.raises(UserError, match='unsupported quotes'):
        words("a 'b c'", performed)


@pytest.mark.parametrize(
    ('text', 'kind', 'expected'),
    [
        ('1', 'yaml', 1),
        ('1', 'str', '1'),
        ("'1'", 'yaml', '1'),
        ('yes', 'yaml', True),
        ('', 'yaml', ''),
        ('1e3', 'yaml', '1e3'),
        ('[1.0, 2.0]', 'yaml', [1.0, 2.0]),
        ('[]', 'yaml', []),
        ('$(var a)', 'yaml', 1),
        ('$(var a)', 'str', '1'),
        ('$(var a).5', 'yaml', 1.5),
        ('sim:?seed=1', 'str', 'sim:?seed=1'),
    ],
)
def test_types_of_parameters(text, kind, expected):
    found = typed(text, performed(text), kind)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ('text', 'kind', 'message'),
    [
        ('[1, a]', 'yaml', "expected a scalar or a list of one type, not '[1, a]'"),
        ('{a: 1}', 'yaml', "a list of one type, not '{a: 1}'"),
        ('null', 'yaml', 'a scalar or a list'),
        ('a: b: c', 'yaml', """is not YAML; for text give type="str\""""),
        ('[$(var a), 2]', 'yaml', 'unsupported substitution inside YAML'),
        ('1', 'float', "unsupported type 'float' (allowed: str, yaml): run this with ros2 launch"),
    ],
)
def test_refused_parameters_are_named(text, kind, message):
    with pytest.raises(UserError, match=re.escape(message)):
        typed(text, performed(text), kind)
