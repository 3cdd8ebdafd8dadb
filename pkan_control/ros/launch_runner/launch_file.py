"""A launch file as read: elements of which every tag, attribute and substitution is known."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from pkan_control.common.errors import UserError, unknown
from pkan_control.ros.launch_runner.substitutions import parse


class LaunchFileError(UserError):
    """A mistake in a launch file; the message begins with the file's path."""


@dataclass(frozen=True)
class Element:
    """One XML element, found to be well shaped."""

    path: Path
    tag: str
    attributes: dict[str, str]
    children: tuple['Element', ...]

    def all(self, tag: str) -> list['Element']:
        """Return the children of one kind."""
        return [child for child in self.children if child.tag == tag]

    def error(self, problem: object) -> LaunchFileError:
        """Return the error that says where the problem is."""
        name = self.attributes.get('name', self.attributes.get('exec', ''))
        return LaunchFileError(f'{self.path}: <{self.tag}{name and f" {name}"}>: {problem}')


@dataclass(frozen=True)
class Shape:
    """The attributes and children that an element may have."""

    required: frozenset[str]
    optional: frozenset[str]
    children: frozenset[str]


def _shape(required: str = '', optional: str = '', children: str = '') -> Shape:
    return Shape(*(frozenset(names.split()) for names in (required, optional, children)))


_ACTIONS = 'arg group include let node push_ros_namespace set_env'
_NODE = (
    'if unless name namespace exec_name args ros_args output on_exit sigterm_timeout'
    ' sigkill_timeout'
)

SHAPES = {
    'launch': _shape(optional='version', children=_ACTIONS),
    'arg': _shape('name', 'default description if unless'),
    'let': _shape('name value', 'if unless'),
    'set_env': _shape('name value', 'if unless'),
    'push_ros_namespace': _shape('namespace', 'if unless'),
    'group': _shape(optional='scoped if unless', children=_ACTIONS),
    'include': _shape('file', 'if unless', children='arg'),
    'include/arg': _shape('name value'),
    'node': _shape('pkg exec', _NODE, children='param remap env'),
    'node/param': _shape(optional='name value type from', children='param'),
    'param/param': _shape('name', 'value type', children='param'),
    'node/remap': _shape('from to'),
    'node/env': _shape('name value'),
}
"""What may be written; a shape of `parent/tag` goes before that of `tag`. What is inside a node or
an include has no `if` and `unless`: ROS 2's launch knows none there either."""

_LITERAL = {
    'arg': {'name', 'description'},
    'node': {'on_exit', 'sigterm_timeout', 'sigkill_timeout'},
    'param': {'value', 'type'},
    'group': {'scoped'},
    'launch': {'version'},
}
"""Attributes that are not, or not simply, text with substitutions."""


def read(path: Path) -> Element:
    """Read a launch file; anything in it that is not known is an error."""
    try:
        root = ElementTree.parse(path).getroot()  # noqa: S314  the user's own trusted file
    except (OSError, ElementTree.ParseError, ValueError) as error:
        raise LaunchFileError(f'{path}: cannot be read: {error}') from error
    if root.tag != 'launch':
        raise LaunchFileError(f'{path}: the outermost tag is {root.tag!r}, not launch')
    return _element(path, root, '')


def _element(path: Path, source: ElementTree.Element, parent: str) -> Element:
    shape = SHAPES.get(f'{parent}/{source.tag}') or SHAPES[source.tag]
    element = Element(path, source.tag, dict(source.attrib), ())
    _check(element, shape, [child.tag for child in source])
    children = tuple(_element(path, child, source.tag) for child in source)
    return Element(path, source.tag, element.attributes, children)


def _check(element: Element, shape: Shape, children: Iterable[str]) -> None:
    try:
        _check_names(element, shape, children)
        for name in element.attributes.keys() - _LITERAL.get(element.tag, set()):
            parse(element.attributes[name])
    except UserError as error:
        raise element.error(error) from error


def _check_names(element: Element, shape: Shape, children: Iterable[str]) -> None:
    for name in element.attributes:
        if name not in shape.required | shape.optional:
            raise unknown('attribute', name, shape.required | shape.optional)
    for name in sorted(shape.required - element.attributes.keys()):
        raise UserError(f'attribute {name!r} is missing')
    for tag in children:
        if tag not in shape.children:
            raise unknown('tag', tag, shape.children or ['none'])
    if {'if', 'unless'} <= element.attributes.keys():
        raise UserError('attributes if and unless exclude each other')
