"""Reads the chain of joints from a URDF's root to one of its links.

Documents with a DTD are refused, so that no entity is ever expanded.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError, unknown

MAX_BYTES = 4 * 1024 * 1024
MOVING = ('revolute', 'continuous', 'prismatic')
# A continuous joint has no limits; so far it can be told from none, in rad.
ENDLESS = 1e3
# Where the URDF says nothing of a joint's velocity and effort.
VELOCITY, EFFORT = 1.0, 100.0


@dataclass(frozen=True)
class UrdfJoint:
    """A joint as it stands in a URDF: `origin` `[4, 4]` leads from the parent link to it.

    Limits are in rad or m, per second for the velocity, in N m or N for the effort.
    """

    name: str
    kind: str
    parent: str
    child: str
    origin: Floats
    axis: tuple[float, float, float]
    lower: float
    upper: float
    velocity: float
    effort: float


def read_chain(path: Path, tip: str) -> list[UrdfJoint]:
    """Return the joints from the root to the link `tip`, fixed ones among them, in order.

    Raises a `UserError` that names the file and what is wrong.
    """
    try:
        return chain(_parse(path), tip)
    except UserError as error:
        raise UserError(f'URDF {path}: {error}') from None
    except (ValueError, TypeError, OverflowError) as error:
        raise UserError(f'URDF {path}: {" ".join(str(error).split())}') from None


def chain(joints: list[UrdfJoint], tip: str) -> list[UrdfJoint]:
    """Return the joints from the root to a link; refuse a link that is not there, and loops."""
    above = {joint.child: joint for joint in joints}
    links = {*above, *(joint.parent for joint in joints)}
    if tip not in links:
        raise unknown('link', tip, links)
    found: list[UrdfJoint] = []
    while tip in above:
        found.append(above[tip])
        tip = above[tip].parent
        if len(found) > len(joints):
            raise UserError(f'the joints above link {tip!r} form a loop')
        if found[-1].kind not in (*MOVING, 'fixed'):
            raise UserError(f'joint {found[-1].name!r}: is {found[-1].kind}, no joint of an arm')
    return found[::-1]


def _parse(path: Path) -> list[UrdfJoint]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f'larger than {MAX_BYTES} bytes')
        root = fromstring(path.read_bytes(), forbid_dtd=True)
    except OSError as error:
        raise UserError(str(error.strerror)) from None
    except DefusedXmlException:
        raise UserError('has a DTD or entities, which are not read') from None
    except (ParseError, LookupError) as error:
        raise UserError(f'no XML ({error})') from None
    if root.tag != 'robot':
        raise UserError(f'the outermost tag is {root.tag!r}, not robot')
    # A transmission names joints, too; those of the robot have a type.
    return [_joint(each) for each in root.findall('joint')]


def _joint(element: Element) -> UrdfJoint:
    name, kind = element.get('name', ''), element.get('type', '')
    if kind not in (*MOVING, 'fixed', 'floating', 'planar'):
        raise UserError(f'joint {name!r}: type {kind!r} is none of a URDF')
    origin, limit = element.find('origin'), element.find('limit')
    axis = _numbers(element.find('axis'), 'xyz', (1.0, 0.0, 0.0), name)
    length = math.sqrt(sum(value * value for value in axis))
    if kind in MOVING and not length > 0:
        raise UserError(f'joint {name!r}: its axis is zero')
    lower, upper = (_number(limit, key, 0.0, name) for key in ('lower', 'upper'))
    if kind == 'continuous':
        lower, upper = -ENDLESS, ENDLESS
    if kind in MOVING and not lower < upper:
        raise UserError(f'joint {name!r}: limits {lower:g} to {upper:g} leave it no range')
    return UrdfJoint(
        name, kind, _link(element, 'parent', name), _link(element, 'child', name),
        _transform(origin, name), (axis[0] / (length or 1), axis[1] / (length or 1),
        axis[2] / (length or 1)), lower, upper,
        _number(limit, 'velocity', VELOCITY, name), _number(limit, 'effort', EFFORT, name),
    )  # fmt: skip


def _link(element: Element, tag: str, joint: str) -> str:
    found = element.find(tag)
    link = None if found is None else found.get('link')
    if not link:
        raise UserError(f'joint {joint!r}: has no {tag} link')
    return link


def _transform(origin: Element | None, joint: str) -> Floats:
    """Return the transform `[4, 4]` of an origin: roll, pitch and yaw about fixed axes."""
    x, y, z = _numbers(origin, 'xyz', (0.0, 0.0, 0.0), joint)
    roll, pitch, yaw = _numbers(origin, 'rpy', (0.0, 0.0, 0.0), joint)
    (sr, sp, sy), (cr, cp, cy) = ([f(a) for a in (roll, pitch, yaw)] for f in (math.sin, math.cos))
    return np.array([
        [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr, x],
        [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr, y],
        [-sp, cp * sr, cp * cr, z],
        [0.0, 0.0, 0.0, 1.0],
    ])  # fmt: skip


def _numbers(element: Element | None, name: str, usual: Any, joint: str) -> tuple[float, ...]:
    text = None if element is None else element.get(name)
    if text is None:
        return tuple(usual)
    try:
        values = tuple(float(part) for part in text.split())
    except ValueError:
        values = ()
    if len(values) != 3 or not all(map(math.isfinite, values)):
        raise UserError(f'joint {joint!r}: {name}={text!r}: must be three finite numbers')
    return values


def _number(element: Element | None, name: str, usual: float, joint: str) -> float:
    text = None if element is None else element.get(name)
    if text is None:
        return usual
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UserError(f'joint {joint!r}: {name}={text!r}: must be a finite number')
    return value
