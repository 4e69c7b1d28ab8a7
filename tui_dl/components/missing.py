"""What happens when a component is declared but nobody wrote how to build it."""

from typing import NoReturn

from tui_dl.spec.component import Component


def no_builder(spec: object, module: str) -> NoReturn:
    """Fail loudly: the catalogue declares a component that this module can't build.

    Raises:
        NotImplementedError: always; it is a mistake in this program, not in an experiment.
    """
    name = spec.name if isinstance(spec, Component) else repr(spec)
    raise NotImplementedError(
        f"{name} ({type(spec).__qualname__}) has no builder: register one in tui_dl/components/{module}.py"
    )
