"""Text with substitutions: what it is read as, what it becomes, what is refused."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pkan_control.common.errors import UserError
from pkan_control.ros.launch_runner.scope import Scope
from pkan_control.ros.launch_runner.substitutions import Substitution, parse, perform
from pkan_control.ros.launch_runner.words import words

PIECES = ['$(var ', '$(env ', '$(', ')', ' ', '"', "'", '\\', '$', 'a', 'b-c', '\n', '$(dirname)']


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map(''.join)))
@example('$(var ' * 5000)
def test_random_text_is_read_or_refused(text):
    with suppress(UserError):
        words(parse(text))


@given(st.text(min_size=1))
def test_escaped_text_is_itself(text):
    assert parse(re.sub(r'([\\$])', r'\\\1', text)) == (text,)


@pytest.mark.parametrize(
    ('text', 'template'),
    [
        ('', ()),
        ('a)b "c', ('a)b "c',)),
        ('a$b$', ('a$b$',)),
        ('x$(dirname)', ('x', Substitution('dirname', ()))),
        ('$(env A "b c")', (Substitution('env', (('A',), ('b c',))),)),
        (
            '$(var a$(var b)c)',
            (Substitution('var', (('a', Substitution('var', (('b',),)), 'c'),)),),
        ),
    ],
)
def test_what_a_text_is_read_as(text, template):
    assert parse(text) == template


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('$(no x)', "unknown substitution 'no': allowed are dirname, env, find-pkg-prefix"),
        ('$(var)', "'var' takes 1 or 2 arguments, not 0"),
        ('$(dirname a)', "'dirname' takes 0 arguments, not 1"),
        ('$(var a', "expected ')' at character 8"),
        ('$(var  a)', 'expected an argument at character 7'),
        ('$()', 'expected the name of a substitution at character 3'),
        ('$(env A "b)', """expected '"' at character 12"""),
    ],
)
def test_what_is_refused_is_named(text, message):
    with pytest.raises(UserError, match=re.escape(message)):
        parse(text)


def test_values():
    scope = Scope({'a': 'b', 'b': 'c'}, {'HERE': '1'}, Path('/dir'))
    text = '$(var $(var a))-$(env HERE)-$(env THERE "x $(var a)")-$(dirname)-$(var none no)'
    assert perform(parse(text), scope) == 'c-1-x b-/dir-no'


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('$(var x)', "unknown variable 'x': allowed are a, b"),
        ('$(env THERE)', "'THERE' is not set"),
        ('$(find-pkg-share no_such_package)', "'no_such_package' is not in AMENT_PREFIX_PATH"),
        ('$(find-pkg-prefix ../x)', "'../x' is not in AMENT_PREFIX_PATH"),
    ],
)
def test_values_that_are_not_there_are_named(text, message):
    scope = Scope({'a': '1', 'b': '2'}, {}, Path('/'))
    with pytest.raises(UserError, match=re.escape(message)):
        perform(parse(text), scope)


X = Substitution('var', (('x',),))


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ("a 'b c' d", [('a',), ('b c',), ('d',)]),
        ('$(var x)$(var x) $(var x)', [(X, X), (X,)]),
        ('a $(var x)', [('a',), (X,)]),
        ('$(var x) a', [(X,), ('a',)]),
        ('a$(var x)b c', [('a', X, 'b'), ('c',)]),
        (' a b c  $(var x)/d', [('a',), ('b',), ('c',), (X, '/d')]),
        ('', [()]),
    ],
)
def test_words_of_a_command_line(text, expected):
    assert words(parse(text)) == expected
