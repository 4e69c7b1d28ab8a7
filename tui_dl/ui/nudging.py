"""Numbers that are moved by a key while it runs: presses become changes, held keys few of them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, final

from msgspec import Struct

from tui_dl.errors import ChangeRefused, TuiDlError
from tui_dl.spec.catalogue import FieldInfo, struct_fields
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.schema import fields_of
from tui_dl.spec.validate import needs_fresh_start
from tui_dl.ui.form.nudges import NudgeError, nudged
from tui_dl.ui.run_model import RunModel

Apply = Callable[[Mapping[str, Any]], Awaitable[None]]
RATE: Final = "optimizer.lr"


def find_setting(experiment: Experiment, path: str) -> tuple[FieldInfo, Any]:
    """A setting at a dotted path (`optimizer.lr`, `regularizers.l2.strength`) and its present value.

    Raises:
        ChangeRefused: if there is no such setting now.
    """
    *parents, name = path.split(".")
    owner: Any = experiment
    for part in parents:
        if isinstance(owner, tuple):
            owner = next((one for one in owner if one.name == part), None)
        else:
            owner = getattr(owner, part, None)
    if isinstance(owner, Struct):
        for field in struct_fields(type(owner)):
            if field.name == name:
                return field, getattr(owner, fields_of(type(owner))[name].name)
    raise ChangeRefused(f"{path} is no setting of what runs now.")


@final
class Nudging:
    """Moves one setting by natural steps, each an ordinary change.

    Presses of a held key come faster than answers: those that came meanwhile make one change together.
    """

    def __init__(self, model: RunModel, apply: Apply) -> None:
        self._model = model
        self._apply = apply
        self._pending: dict[str, int] = {}
        self._busy: set[str] = set()
        self._asked: dict[str, tuple[Experiment, Any]] = {}
        """The experiment that was shown when a value was last asked for, and that value."""

    async def nudge(self, path: str, by: int) -> None:
        """Move a setting so many steps.

        Raises:
            TuiDlError: if it can't be moved, or the engine refuses; presses that wait are let go.
        """
        self._pending[path] = self._pending.get(path, 0) + by
        if path in self._busy:
            return
        self._busy.add(path)
        try:
            while steps := self._pending.pop(path, 0):
                await self._change(path, steps)
        finally:
            self._pending.pop(path, None)
            self._busy.discard(path)

    async def _change(self, path: str, steps: int) -> None:
        experiment = self._model.experiment
        if experiment is None:
            raise ChangeRefused("the experiment is not known yet.")
        if needs_fresh_start(path):
            raise ChangeRefused("this starts over: Enter opens the form, which asks.")
        field, present = find_setting(experiment, path)
        asked = self._asked.get(path)
        if asked is not None and asked[0] is experiment:
            # The answer came before the experiment as it is now.
            present = asked[1]
        try:
            value = nudged(field, present, steps)
        except NudgeError as error:
            raise ChangeRefused(f"{error}.") from error
        if value == present:
            raise ChangeRefused(f"it goes no further: {field.bounds}.")
        self._asked[path] = (experiment, value)
        try:
            await self._apply({path: value})
        except TuiDlError:
            self._asked.pop(path, None)
            raise
