"""What connects a law to a stack: its inputs and its adapter, as usual or by a mapping."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pkan_control.common.errors import UserError
from pkan_control.control.action_types import fields_of
from pkan_control.control.laws.law import Law
from pkan_control.control.mapping import Actuator, StackMapping, load_mapping
from pkan_control.ros.adapters.adapter import Adapter, Joints, open_adapter
from pkan_control.ros.nodes.mapped import MappedStates, mapped_goal
from pkan_control.ros.nodes.sources import OneTopic, Source, StateInputs, source_of
from pkan_control.ros.nodes.topics import goal_topic, state_topic

USUAL = StackMapping((), None, '', '', ())


@dataclass(frozen=True)
class Wiring:
    """Where states and set-points come from, and how commands leave."""

    states: StateInputs
    goal: Source | None
    adapter: Adapter
    topic: str


def make_wiring(law: Law, values: Mapping[str, Any]) -> Wiring:
    """Return the wiring that parameters ask for; a `UserError` names what does not fit."""
    mapping = load_mapping(values['mapping']) if values['mapping'] else USUAL
    try:
        mapping.check(law)
    except UserError as error:
        raise UserError(f'mapping {values["mapping"]}: {error}') from None
    interface = mapping.interface or values['command_interface']
    joints = joints_of(law, mapping.actuators) if mapping.actuators else None
    adapter = open_adapter(interface, law, joints)
    if mapping.topic and len(adapter.outputs) > 1:
        raise UserError(f'mapping: {interface} has several topics: remap them instead')
    goal = mapped_goal(mapping, law)
    if goal is None and law.goal_names:
        goal = source_of(goal_topic(law))
    return Wiring(states_of(law, mapping), goal, adapter, mapping.topic)


def states_of(law: Law, mapping: StackMapping) -> StateInputs:
    """Return the inputs of a mapping, or the usual topic."""
    if mapping.inputs:
        return MappedStates(mapping, law)
    return OneTopic(state_topic(law))


def joints_of(law: Law, actuators: tuple[Actuator, ...]) -> Joints:
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
