"""The chain of joints from the root of a URDF to one of its links.

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
KINDS = (*MOVING, 'fixed', 'floating', 'planar')
# Limit in rad that stands for the missing one of a continuous joint.
ENDLESS = 1e3
# Limits of velocity and effort where the URDF gives none.
VELOCITY, EFFORT = 1.0, 100.0


@dataclass(frozen=True)
class UrdfJoint:
    """A joint of a URDF; `origin` `[4, 4]` is its transform from the parent link.

    Limits are in rad or m, per s for the velocity, in N m or N for the effort.
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
    """Return the joints from the root to the link `tip` in order, fixed ones included.

    Raises a `UserError` that names the file, and the joint or link that is invalid.
    """
    try:
        return chain(_parse(path), tip)
    except UserError as error:
        raise UserError(f'URDF {path}: {error}') from None
    except (ValueError, TypeError, OverflowError) as error:
        raise UserError(f'URDF {path}: {" ".join(str(error).split())}') from None


def chain(joints: list[UrdfJoint], tip: str) -> list[UrdfJoint]:
    """Return the joints from the root to a link; refuse a missing link, and loops."""
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
            allowed = ', '.join((*MOVING, 'fixed'))
            raise UserError(
                f'joint {found[-1].name!r}: is {found[-1].kind}; allowed in an arm are {allowed}'
            )
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
        raise UserError(f'not XML ({error})') from None
    if root.tag != 'robot':
        raise UserError(f'the outermost tag is {root.tag!r}, not robot')
    for link in root.findall('link'):
        _check_mass(link)
    # A transmission names joints, too, but not as children of the robot.
    return [_joint(each) for each in root.findall('joint')]


def _joint(element: Element) -> UrdfJoint:
    name, kind = element.get('name', ''), element.get('type', '')
    if kind not in KINDS:
        raise UserError(f'joint {name!r}: unknown type {kind!r}: allowed are {", ".join(KINDS)}')
    origin, limit = element.find('origin'), element.find('limit')
    axis = _numbers(element.find('axis'), 'xyz', (1.0, 0.0, 0.0), name)
    length = math.sqrt(sum(value * value for value in axis))
    if kind in MOVING and not length > 0:
        raise UserError(f'joint {name!r}: its axis is zero')
    lower, upper = (_number(limit, key, 0.0, name) for key in ('lower', 'upper'))
    if kind == 'continuous':
        lower, upper = -ENDLESS, ENDLESS
    if kind in MOVING and not lower < upper:
        raise UserError(f'joint {name!r}: lower limit {lower:g} is not below the upper, {upper:g}')
    x, y, z = (value / (length or 1) for value in axis)
    velocity = _number(limit, 'velocity', VELOCITY, name)
    if kind in MOVING and not velocity > 0:
        raise UserError(f'joint {name!r}: velocity={velocity:g}: must be positive')
    return UrdfJoint(
        name=name,
        kind=kind,
        parent=_link(element, 'parent', name),
        child=_link(element, 'child', name),
        origin=_transform(origin, name),
        axis=(x, y, z),
        lower=lower,
        upper=upper,
        velocity=velocity,
        effort=_number(limit, 'effort', EFFORT, name),
    )


def _check_mass(link: Element) -> None:
    """Refuse a mass below 0; frames without a body have a mass of 0, or none."""
    mass = link.find('inertial/mass')
    text = '0' if mass is None else mass.get('value', '')
    try:
        valid = 0 <= float(text) < math.inf
    except ValueError:
        valid = False
    if not valid:
        raise UserError(f'link {link.get("name", "")!r}: mass {text!r}: must be 0 kg or more')


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
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr, x],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr, y],
            [-sp, cp * sr, cp * cr, z],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )


def _numbers(element: Element | None, name: str, default: Any, joint: str) -> tuple[float, ...]:
    text = None if element is None else element.get(name)
    if text is None:
        return tuple(default)
    try:
        values = tuple(float(part) for part in text.split())
    except ValueError:
        values = ()
    if len(values) != 3 or not all(map(math.isfinite, values)):
        raise UserError(f'joint {joint!r}: {name}={text!r}: must be three finite numbers')
    return values


def _number(element: Element | None, name: str, default: float, joint: str) -> float:
    text = None if element is None else element.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UserError(f'joint {joint!r}: {name}={text!r}: must be a finite number')
    return value
