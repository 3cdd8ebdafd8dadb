"""Wiring of a law: the topics of its inputs and the adapter of its commands.

Both come from a mapping where the parameters name one, and are the standard ones otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pkan_control.common.errors import UserError
from pkan_control.control.action_types import fields_of
from pkan_control.control.laws.law import Law
from pkan_control.control.mapping import Actuator, StackMapping, load_mapping
from pkan_control.ros.adapters.adapter import Adapter, Joints, open_adapter
from pkan_control.ros.nodes.mapped_topics import mapped_goal, mapped_states
from pkan_control.ros.nodes.standard_topics import goal_topic, state_topic
from pkan_control.ros.nodes.topics import StateInputs, Topic

NO_MAPPING = StackMapping()


@dataclass(frozen=True)
class Wiring:
    """Inputs and output of a controller.

    There is no goal for a law without set-points. `command_topic` is empty for the adapter's own.
    """

    states: StateInputs
    goal: Topic | None
    adapter: Adapter
    command_topic: str


def make_wiring(law: Law, values: Mapping[str, Any]) -> Wiring:
    """Return the wiring of a node's parameters; a `UserError` names what does not fit the law."""
    mapping = load_mapping(values['mapping']) if values['mapping'] else NO_MAPPING
    try:
        mapping.check(law)
    except UserError as error:
        raise UserError(f'mapping {values["mapping"]}: {error}') from None
    interface = mapping.command.interface or values['command_interface']
    joints = mapped_joints(law, mapping.command.joints) if mapping.command.joints else None
    adapter = open_adapter(interface, law, joints)
    if mapping.command.topic and len(adapter.outputs) > 1:
        raise UserError(f'mapping: {interface} has several topics: remap them instead')
    goal = mapped_goal(mapping, law)
    if goal is None and law.goal_names:
        goal = goal_topic(law)
    return Wiring(state_inputs(law, mapping), goal, adapter, mapping.command.topic)


def state_inputs(law: Law, mapping: StackMapping) -> StateInputs:
    """Return the inputs of a mapping, or the standard topic of the law's states."""
    if mapping.inputs:
        return mapped_states(mapping, law)
    return StateInputs.of(state_topic(law), len(law.state_names))


def mapped_joints(law: Law, actuators: tuple[Actuator, ...]) -> Joints:
    """Return the actuators of a mapping, in its order."""
    names, fields = law.command.names, fields_of(law)
    source = tuple(names.index(each.term) for each in actuators)
    return Joints(
        tuple(each.name or each.term for each in actuators),
        tuple(fields[place] for place in source),
        source,
        np.array([each.scale for each in actuators]),
        np.array([each.offset for each in actuators]),
    )
