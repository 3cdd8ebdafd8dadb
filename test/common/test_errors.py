"""A `UserError` is a `ValueError`, and nothing that wraps other `ValueError`s wraps it again."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.bridge.codes import MessageKind, Status
from pkan_control.bridge.frame import RESPONSE, VERSION, Frame
from pkan_control.bridge.handshake import Greeting
from pkan_control.bridge.layouts import REFUSAL
from pkan_control.bridge.messages import Refusal
from pkan_control.bridge.responses import LinkLostError, LinkTimeoutError
from pkan_control.common.errors import UserError, unknown
from pkan_control.common.yaml_files import MAX_BYTES, read_yaml
from pkan_control.control.laws import make_law
from pkan_control.tasks.paths import load_path


def test_a_user_error_is_a_value_error_with_the_message_alone() -> None:
    error = unknown('task', 'swim', ('hover', 'drive'))
    assert isinstance(error, ValueError)
    assert str(error) == "unknown task 'swim': allowed are drive, hover"


@given(st.text())
def test_a_message_is_one_line_whatever_it_quotes(text: str) -> None:
    assert len(str(UserError(f'law {text}: unknown')).splitlines()) == 1


def test_a_message_keeps_everything_but_its_line_breaks() -> None:
    assert str(UserError('path a  b.yaml: expected <key>\n  in "a  b.yaml"\n')) == (
        'path a  b.yaml: expected <key> in "a  b.yaml"'
    )


@pytest.mark.parametrize(
    ('kind', 'builtin'), [(LinkLostError, ConnectionError), (LinkTimeoutError, TimeoutError)]
)
def test_errors_of_a_link_are_also_those_of_the_operating_system(
    kind: type[Exception], builtin: type[Exception]
) -> None:
    assert issubclass(kind, builtin)
    assert issubclass(kind, UserError)
    assert str(kind('board: gone')) == 'board: gone'


def test_a_file_that_is_too_large_is_not_called_no_yaml(tmp_path: Path) -> None:
    path = tmp_path / 'a.yaml'
    path.write_text('#' * (MAX_BYTES + 1))
    with pytest.raises(UserError, match=f'^scenario {path}: larger than {MAX_BYTES} bytes$'):
        read_yaml(path, 'scenario')


def test_a_field_of_a_path_is_named_once(tmp_path: Path) -> None:
    path = tmp_path / 'p.yaml'
    path.write_text('shape: spiral\n')
    with pytest.raises(UserError, match=f'^path {path}: shape: must be one of figure_of_eight, '):
        load_path(str(path))


def test_a_law_says_itself_what_is_wrong_with_its_parameters() -> None:
    message = 'parameters of law cartpole: rate_hz=-1.0: must be positive and finite'
    with pytest.raises(UserError, match=f'^{message}$'):
        make_law('cartpole', {'rate_hz': -1.0})


def test_a_board_of_another_version_is_named_by_its_version() -> None:
    greeting = Greeting(nonce=1, sequence=5)
    payload = REFUSAL.pack(Refusal(got=VERSION, wanted=7))
    answer = Frame(MessageKind.HELLO, 5, 0, payload, RESPONSE, status=Status.VERSION)
    with pytest.raises(UserError, match=r'^the board speaks version 7, this host version 1$'):
        greeting.read(answer)
