"""Splits the command line of an `args` attribute into words."""

import shlex

from pkan_control.common.errors import UserError
from pkan_control.ros.launch_runner.substitutions import Template


def words(template: Template) -> list[Template]:
    """Split at spaces of literal text; what a substitution gives stays one word, spaces and all.

    Empty text is one empty word, as for ROS 2's launch.
    """
    done: list[Template] = []
    current: Template = ()
    for piece in template or ('',):
        if not isinstance(piece, str):
            current += (piece,)
            continue
        parts = _shell_words(piece)
        if not parts or (current and piece[0].isspace()):
            done.append(current)
            current = ()
        *whole, current = _joined(current, parts)
        done += whole
        if parts and piece[-1].isspace():
            done.append(current)
            current = ()
    return done + ([current] if current else [])


def _joined(begun: Template, parts: list[str]) -> list[Template]:
    """Return the words of a text, the first of them appended to a word that has begun."""
    if not parts:
        return [begun]
    first, *others = parts
    return [(*begun, first), *((other,) for other in others)]


def _shell_words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UserError(f'{text!r} cannot be split into words: {error}') from error
