"""What a form holds: the chosen component, what is written in each field, and what is wrong with it."""

from typing import Any, Final, final

from tui_dl.spec.catalogue import FieldInfo, component_class
from tui_dl.spec.change import apply_change, edits
from tui_dl.spec.component import Component
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.validate import needs_fresh_start
from tui_dl.ui import proposal
from tui_dl.ui.form.nudges import NudgeError, nudged
from tui_dl.ui.form.text_field import TextField

LIST: Final = -1
"""The place of the list of components among the places that the keys go through; fields count from 0."""


@final
class FormState:
    """A form while it is being filled in. Texts that were written stay when another component is looked at.

    Args:
        experiment: what runs now; a form is about the difference from it.
        path: a place of the experiment, such as `optimizer` or `model.activation`; or `training`.
        field: the setting to begin with; empty for the choice of the component.
    """

    def __init__(self, experiment: Experiment, path: str, field: str = "", name: str = "") -> None:
        self.experiment = experiment
        self.path = path
        self.names = proposal.names_for(path)
        self.search = ""
        self._written: dict[str, dict[str, TextField]] = {}
        self.name = name or self._first_name()
        names = [one.name for one in self.fields]
        self.place = names.index(field) if field in names else LIST if self.names else 0
        self.problems: dict[str, str] = {}
        self.judge()

    # -- what it says ------------------------------------------------------------------------------------

    @property
    def fields(self) -> tuple[FieldInfo, ...]:
        """The settings of the chosen component."""
        return proposal.fields_at(self.path, self.name)

    @property
    def texts(self) -> dict[str, TextField]:
        """What is written, by the settings' names."""
        if self.name not in self._written:
            known = proposal.texts_at(self.experiment, self.path, self.name)
            self._written[self.name] = {name: TextField(text, len(text)) for name, text in known.items()}
        return self._written[self.name]

    @property
    def field(self) -> FieldInfo | None:
        """The setting that is being written; None in the list of components."""
        return self.fields[self.place] if 0 <= self.place < len(self.fields) else None

    @property
    def found(self) -> tuple[str, ...]:
        """The components that match what was searched for: those that begin with it, then the others."""
        wanted = self.search.lower()
        first = [name for name in self.names if name.startswith(wanted)]
        inside = [name for name in self.names if wanted in name and name not in first]
        summaries = [
            name
            for name in self.names
            if name not in first and name not in inside and wanted in self.summary(name).lower()
        ]
        return (*first, *inside, *summaries)

    @property
    def change(self) -> dict[str, Any]:
        """The change that makes the place be what is written; empty if it is so already."""
        return proposal.change_to(self.experiment, self.path, self.name, self._plain_texts())

    @property
    def is_good(self) -> bool:
        """Whether what is written is possible."""
        return not self.problems

    @property
    def is_fresh_start(self) -> bool:
        """Whether the change can't be made to weights that go on: training would start over."""
        if self.problems:
            return False
        found = edits(self.experiment, apply_change(self.experiment, self.change))
        return any(needs_fresh_start(edit.path) for edit in found)

    def summary(self, name: str = "") -> str:
        """What a component says of itself."""
        if not self.names:
            return "Batches, length, device: what belongs to no ingredient."
        return proposal.summary_of(self.path, name or self.name)

    def stands(self, name: str) -> bool:
        """Whether a component is part of what runs now."""
        present = proposal.present_at(self.experiment, self.path)
        if proposal.is_layerwise(self.experiment, self.path):
            present = self.experiment.model.each_activation
        return name in {one.name for one in (present if isinstance(present, tuple) else (present,))}

    def running(self, field: FieldInfo) -> str | None:
        """A setting's value in what runs now, as text; None if another component stands there."""
        if self.names and not self.stands(self.name):
            return None
        return proposal.texts_at(self.experiment, self.path, self.name)[field.name]

    def choices(self, field: FieldInfo) -> tuple[str, ...]:
        """The words that a setting must be one of; empty where something else may be written."""
        if field.type == "bool":
            return ("yes", "no")
        return field.choices if field.type in ("choice", "component") else ()

    @property
    def component(self) -> type[Component] | None:
        """The class of what is chosen; None for the settings that are of no component."""
        if not self.names:
            return None
        return component_class(proposal.family_at(self.path), self.name)

    # -- what is done to it ------------------------------------------------------------------------------

    def choose(self, name: str) -> None:
        """Another component."""
        if name in self.names and name != self.name:
            self.name = name
            self.place = min(self.place, max(len(self.fields) - 1, LIST))
            self.judge()

    def move_choice(self, by: int) -> None:
        """The next component of those found."""
        found = self.found
        if found:
            present = found.index(self.name) if self.name in found else -1 if by > 0 else 0
            self.choose(found[max(min(present + by, len(found) - 1), 0)])

    def search_for(self, text: str) -> None:
        """Narrow the list down; the first that is found is chosen."""
        self.search = text
        if text and self.found and (self.name not in self.found or not self.name.startswith(text.lower())):
            self.choose(self.found[0])

    def go(self, by: int) -> None:
        """The next place: the list, then each setting, then the list again."""
        first = LIST if self.names else 0
        count = len(self.fields) - first
        self.go_to((self.place - first + by) % count + first if count else first)

    def go_to(self, place: int) -> None:
        """A place by its number."""
        self.place = place
        if self.field is not None:
            self.texts[self.field.name] = self.texts[self.field.name].entered()

    def write(self, text: TextField) -> None:
        """What is written in the present field becomes this."""
        if self.field is not None:
            self.texts[self.field.name] = text
            self.judge()

    def cycle(self, by: int) -> None:
        """The next of the words, or the number one natural step on."""
        field = self.field
        if field is None:
            return
        choices = self.choices(field) or (() if field.type.startswith("list of ") else field.choices)
        text = self.texts[field.name].text
        if choices:
            place = choices.index(text) if text in choices else -1 if by > 0 else 0
            moved = choices[(place + by) % len(choices)]
        else:
            try:
                moved = proposal.to_text(nudged(field, proposal.to_value(field, text), by))
            except (NudgeError, TypeError, ValueError, OverflowError):
                return
        self.write(TextField(moved, len(moved)))

    def put_back(self) -> None:
        """The present field as it runs now, or its default; again for the other of the two."""
        field = self.field
        if field is None:
            return
        default = proposal.to_text(field.default)
        running = self.running(field)
        wanted = default if running is None or self.texts[field.name].text.strip() == running else running
        self.write(TextField(wanted, len(wanted)))

    def judge(self) -> None:
        """Find out what is wrong, each mistake with its field."""
        problems: dict[str, str] = {}
        texts = self._plain_texts()
        before = proposal.texts_at(self.experiment, self.path, self.name)
        # Validation stops at the first mistake: leave that one out and look for the next.
        for _ in range(len(texts) + 1):
            change = proposal.change_to(self.experiment, self.path, self.name, texts)
            found = proposal.verdict_on(self.experiment, self.path, self.name, change).problems
            new = {name: text for name, text in found.items() if name not in problems}
            problems.update(new)
            wrong = [name for name in new if name in texts]
            if not wrong:
                break
            for name in wrong:
                texts[name] = before[name]
        self.problems = problems

    def rebase(self, experiment: Experiment) -> None:
        """Something else runs now; what was written stays."""
        if experiment is not self.experiment:
            self.experiment = experiment
            self.judge()

    def _plain_texts(self) -> dict[str, str]:
        return {name: field.text for name, field in self.texts.items()}

    def _first_name(self) -> str:
        present = proposal.present_at(self.experiment, self.path)
        if isinstance(present, tuple):
            return present[0].name if present else self.names[0]
        return str(present.name) if self.names else ""
