"""Layouts: named fields of the last axis of an array, such as those of a law's memory."""

from functools import lru_cache
from typing import Any, ClassVar

from pkan_control.common.arrays import Array, namespace


class Field:
    """A field of a `Layout`; an attribute of the class, it is a slice of the last axis."""

    def __init__(self, size: int | None = None) -> None:
        """Take a number of values; None takes the rest of the axis, for the last field."""
        self._size = size
        self.part = slice(0, size)

    def __set_name__(self, owner: type['Layout'], name: str) -> None:
        """Follow the fields that were declared before."""
        if owner.is_open:
            raise TypeError(f'field {name}: follows one that takes the rest of the axis')
        start = owner.size
        owner.size, owner.is_open = start + (self._size or 0), self._size is None
        self.part = slice(start, None if owner.is_open else owner.size)

    def __get__(self, instance: None, owner: type['Layout']) -> slice:
        """Return the slice."""
        return self.part


class Span:
    """Adjacent fields of a `Layout` as one slice, from the first to the last."""

    def __init__(self, first: Field, last: Field) -> None:
        """Take fields that were declared before."""
        self._first, self._last = first, last

    def __get__(self, instance: None, owner: type['Layout']) -> slice:
        """Return the slice."""
        return slice(self._first.part.start, self._last.part.stop)


class Layout:
    """Fields in the order of their declaration; a class that is never instantiated.

    >>> class Tool(Layout):
    ...     position = Field(3)
    ...     yaw = Field(1)
    ...     pose = Span(position, yaw)
    ...     opening = Field(1)
    >>> Tool.opening, Tool.pose, Tool.size
    (slice(4, 5, None), slice(0, 4, None), 5)
    >>> Tool.replace(np.zeros(5), opening=np.ones(1))
    array([0., 0., 0., 0., 1.])
    """

    # Number of values in fields of a fixed size, and whether one takes the rest of the axis.
    size: ClassVar[int] = 0
    is_open: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Put plain slices in the place of fields and spans, which are faster to read."""
        for name, value in list(vars(cls).items()):
            if isinstance(value, Field | Span):
                setattr(cls, name, getattr(cls, name))

    @classmethod
    def replace(cls, values: Array, **parts: Array) -> Array:
        """Return `values` `[..., size]` with new values of some fields or spans.

        Raises `AttributeError` for an unknown name, `ValueError` for spans that overlap.
        """
        # A class can be hashed, which mypy does not see.
        pieces = _pieces(cls, tuple(parts))  # type: ignore[arg-type]
        new = [parts[each] if isinstance(each, str) else values[..., each] for each in pieces]
        return namespace(values).concat(new, axis=-1)


@lru_cache(maxsize=64)
def _pieces(layout: type[Layout], names: tuple[str, ...]) -> list[str | slice]:
    """Return the named parts in their order, and between them slices of what is kept."""
    parts: dict[str, Any] = {name: getattr(layout, name) for name in names}
    pieces: list[str | slice] = []
    end: int | None = 0
    for name in sorted(parts, key=lambda each: int(parts[each].start)):
        start = parts[name].start
        if end is None or start < end:
            raise ValueError(f'{layout.__name__}: {name} overlaps with another of {names}')
        pieces += [slice(end, start), name] if start > end else [name]
        end = parts[name].stop
    whole = end is None or (end == layout.size and not layout.is_open)
    return pieces if whole else [*pieces, slice(end, None)]
