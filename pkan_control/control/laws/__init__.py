"""The fixed arithmetic around a network, one law to a file."""

from typing import Any, Protocol

from pkan_control.common.errors import UserError
from pkan_control.common.registry import Registry
from pkan_control.control.laws.law import Law


class LawType(Protocol):
    """What is registered for a law: its class, which makes it of what a controller file holds."""

    def from_json(self, values: dict[str, Any]) -> Law:
        """Return the law whose parameters a JSON object holds."""


LAWS: Registry[LawType] = Registry('pkan_control.laws', 'law', LawType)


def make_law(name: str, parameters: dict[str, Any]) -> Law:
    """Return the law of that name; raise a `UserError` for an unknown name or parameters."""
    law_type = LAWS.find(name)
    try:
        return law_type.from_json(parameters)
    except UserError as error:
        raise UserError(f'parameters of law {name}: {error}') from None
    except KeyError as error:
        raise UserError(f'parameters of law {name}: {error} is missing') from None
    except (TypeError, ValueError, OverflowError) as error:
        text = str(error) if str(error).isprintable() else repr(error)
        raise UserError(f'parameters of law {name}: {text}') from None
