"""Running a preset's variants beside the run: asks which, starts and ends them, keeps them in step."""

from abc import abstractmethod
from typing import TYPE_CHECKING

from textual.screen import Screen

from tui_dl.errors import TuiDlError
from tui_dl.spec.experiment import Experiment
from tui_dl.ui.engine_port import Opening
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.screens.working import run_work
from tui_dl.wire.messages import AnyMessage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_dl.spec.lecture import Variant as VariantSpec
    from tui_dl.ui.app import TuiDlApp
    from tui_dl.ui.variants import Variants


class VariantActions(Screen[None]):
    """Part of the run screen."""

    model: RunModel
    opening: Opening
    _variants: "Variants | None" = None

    @property
    @abstractmethod
    def program(self) -> "TuiDlApp":
        """The app."""

    @abstractmethod
    def complain(self, text: str) -> None:
        """Say what did not work."""

    @abstractmethod
    def mark_series(self) -> None:
        """Have the curves painted with the next frame."""

    @property
    def variants(self) -> "Variants":
        """Those that run now."""
        from tui_dl.ui.variants import Variants

        if self._variants is None:
            self._variants = Variants(self.model.beside)
        return self._variants

    def keep_variants_in_step(self, message: AnyMessage) -> None:
        """The run has said something."""
        if self._variants is not None:
            self._variants.follow(self.model.status.step, message)

    async def end_variants(self) -> None:
        """Let go of all; their engines end with that."""
        if self._variants is None:
            return
        await self._variants.close()
        openings = self.program.openings
        if openings is not None and self.opening.folder is not None:
            openings.sweep(self.opening.folder)

    def action_variants(self) -> None:
        if self.app.screen is self:
            run_work(self, self._choose_variants, group="variants", exclusive=True)

    async def _choose_variants(self) -> None:
        from tui_dl.ui.screens.variant_dialog import offered, variants_dialog

        base = self.opening.experiment or self.model.experiment
        if base is None:
            self.complain("What is trained is not known yet; try again once the engine is up.")
            return
        was_changed = any(entry.kind == "change" for entry in self.model.events)
        found = offered(base, was_changed=was_changed)
        answer = await self.app.push_screen_wait(variants_dialog(found, self.variants.names))
        verb, _, places = answer.partition(":")
        chosen = [found[int(place)] for place in places.split(",") if place]
        if verb == "stop":
            self.variants.remove([variant.name for variant in chosen])
        elif verb == "run":
            self._run_variants(base, chosen)
        self.mark_series()

    def _run_variants(self, base: Experiment, chosen: "Sequence[VariantSpec]") -> None:
        from tui_dl.ui.screens.variant_dialog import experiment_of
        from tui_dl.ui.variants import MOST, Variant

        openings, folder = self.program.openings, self.opening.folder
        if openings is None or folder is None:
            self.complain("Variants can't be started from this screen.")
            return
        if not self.variants.names:
            openings.sweep(folder)
        for spec in chosen:
            if len(self.variants.names) >= MOST:
                self.complain(f"{MOST} variants run already: end one first.")
                return
            try:
                opening = openings.variant(folder, experiment_of(self._seeded(base), spec), spec.name)
            except TuiDlError as error:
                self.complain(f"Variant {spec.name}: {error}")
                continue
            seed = base.seed if opening.experiment is None else opening.experiment.seed
            variant = Variant(spec.name, opening, seed=seed, changed=self.mark_series, said=self.complain)
            self.variants.add(variant, self.model.status.step)

    def _seeded(self, base: Experiment) -> Experiment:
        """With the seed that the run has now: it may have been started over with another."""
        from msgspec import structs

        present = self.model.experiment
        return base if present is None else structs.replace(base, seed=present.seed)
