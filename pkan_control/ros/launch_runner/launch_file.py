"""Launch files: XML, all of whose tags and attributes are supported."""

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from pkan_control.common.errors import UserError


class LaunchFileError(UserError):
    """A mistake in a launch file; the message names the file and the element."""

    def __init__(self, path: Path, element: Element, problem: object):
        name = element.get('name', element.get('exec', ''))
        super().__init__(f'{path}: <{element.tag}{name and f" {name}"}>: {problem}')


def unsupported(kind: str, name: str, allowed: Iterable[str]) -> UserError:
    """Return the error for a feature that only ROS 2's own launch has."""
    names = ', '.join(sorted(allowed)) or 'none'
    return UserError(f'unsupported {kind} {name!r} (allowed: {names}): run this with ros2 launch')


_ACTIONS = 'arg group include let node'
SHAPES = {
    'launch': ('', '', _ACTIONS),
    'arg': ('name', 'default description', ''),
    'let': ('name value', '', ''),
    'group': ('', 'if unless', _ACTIONS),
    'include': ('file', 'if unless', 'arg'),
    'include/arg': ('name value', '', ''),
    'node': ('pkg exec', 'name namespace args output on_exit if unless', 'param remap'),
    'param': ('', 'name value type from', ''),
    'remap': ('from to', '', ''),
}
"""Required attributes, optional attributes, children; `parent/tag` goes before `tag`."""


def read(path: Path) -> Element:
    """Read a launch file; an unsupported tag or attribute anywhere in it is an error."""
    try:
        root = ElementTree.parse(path).getroot()  # noqa: S314  the user's own trusted file
    except (OSError, ElementTree.ParseError, ValueError) as error:
        raise UserError(f'{path}: cannot be read: {error}') from error
    if root.tag != 'launch':
        raise UserError(f'{path}: the outermost tag is {root.tag!r}, not launch')
    _check(path, root, SHAPES['launch'])
    return root


def _check(path: Path, element: Element, shape: tuple[str, str, str]) -> None:
    required, optional, children = (names.split() for names in shape)
    try:
        for name in element.attrib:
            if name not in required + optional:
                raise unsupported('attribute', name, required + optional)
        for name in required:
            if name not in element.attrib:
                raise UserError(f'attribute {name!r} is missing')
        for child in element:
            if child.tag not in children:
                raise unsupported('tag', child.tag, children)
        if {'if', 'unless'} <= element.attrib.keys():
            raise UserError('attributes if and unless exclude each other')
    except UserError as error:
        raise LaunchFileError(path, element, error) from error
    for child in element:
        _check(path, child, SHAPES.get(f'{element.tag}/{child.tag}') or SHAPES[child.tag])
