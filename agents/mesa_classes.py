"""Mesa's Agent and Model for classes of ours, which become Mesa's when the first instance is made.

A class needs its parents when it is made, and importing Mesa takes longer than `parley --help` may. So ours begin with parents of
nothing, and these are given Mesa's as theirs as soon as somebody wants an instance. From then on nothing tells our classes from
classes that were written below Mesa's: `isinstance`, `model.agents_by_type[MemberAgent]` and `select(agent_type=...)` hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from mesa import Agent as MesaAgent
    from mesa import Model as MesaModel
else:

    class _Plain:
        """What parents begin with: a class can change its parents only where it had some."""

    class MesaAgent(_Plain):
        """Mesa's Agent, once there is one."""

        def __new__(cls, *_: object, **__: object) -> Self:
            """An instance of this class, which is a mesa.Agent."""
            _join()
            return object.__new__(cls)

    class MesaModel(_Plain):
        """Mesa's Model, once there is one."""

        def __new__(cls, *_: object, **__: object) -> Self:
            """An instance of this class, which is a mesa.Model."""
            _join()
            return object.__new__(cls)

    def _join() -> None:
        if MesaAgent.__bases__ == (_Plain,):
            import mesa

            MesaAgent.__bases__, MesaModel.__bases__ = (mesa.Agent,), (mesa.Model,)


__all__ = ["MesaAgent", "MesaModel"]
