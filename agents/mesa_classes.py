"""Classes of ours that are Mesa's too, made when the first instance is."""

from __future__ import annotations

_JOINED: dict[type, type] = {}


def with_mesa(own: type, parent: str) -> type:
    """`own` with Mesa's class of the name `parent` behind it; made when the first instance is.

    A class needs its parents when it is made, and importing Mesa takes longer than `parley --help` may; so ours are
    plain classes until one is needed. Instances are of both: `isinstance` holds for ours and for Mesa's.
    """
    import mesa

    mesas = getattr(mesa, parent)
    if issubclass(own, mesas):
        return own
    if own not in _JOINED:
        _JOINED[own] = type(own.__name__, (own, mesas), {"__module__": own.__module__, "__doc__": own.__doc__})
    return _JOINED[own]
