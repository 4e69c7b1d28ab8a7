"""What a run does for someone who looks on: it keeps a pace, waits at scenes, and does not end by itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, final

from tui_dl.errors import ChangeRefused
from tui_dl.wire.messages import SceneReached

if TYPE_CHECKING:
    from tui_dl.engine.session.session import Session


@final
class Presenter:
    """Pace and scenes. Without a screen there are no scenes, and no pace but one that was asked for."""

    def __init__(self, session: Session, *, interactive: bool) -> None:
        self._session = session
        self.interactive = interactive
        """Whether a screen looks on, or has."""
        self.pace_is_set = False
        """Whether somebody asked for the pace; else it is the experiment's."""
        self._pace_after_hurry: float | None = None

    def set_pace(self, batches_per_s: float) -> None:
        """Batches per second from here on; 0 is flat out."""
        self._session.pacer.pace = batches_per_s
        self.pace_is_set = True
        self._pace_after_hurry = None
        self._session.tell()

    def hurry(self) -> None:
        """Flat out to the next scene. Raises ChangeRefused if there is none."""
        session = self._session
        if session.course.scenes.next_step == math.inf:
            raise ChangeRefused("no scene lies ahead")
        if self._pace_after_hurry is None:
            self._pace_after_hurry = session.pacer.pace
        session.pacer.pace = 0.0
        session.tell()

    def attach_screen(self) -> None:
        """Somebody looks on from now."""
        session = self._session
        if not self.interactive:
            self.interactive = True
            session.course.scenes.skip_before(session.trainer.step)
            self.follow_experiment()
            session.welcome_screen()
        session.tell()

    def follow_experiment(self) -> None:
        """Take the pace that the experiment says, unless somebody has asked for another."""
        if self.interactive and not self.pace_is_set:
            self._session.pacer.pace = self._session.experiment.training.pace

    def set_manners(self) -> None:
        """With a screen a value that is not finite pauses the run, without one the experiment says."""
        session = self._session
        stops = self.interactive or session.experiment.training.nonfinite == "stop"
        session.trainer.stop_on_nonfinite = stops

    def show_last_scene(self) -> None:
        """Show the scene of the planned end; nothing waits at it, the end is there to be gone on from."""
        session = self._session
        scenes = session.course.scenes
        if self.interactive and scenes.reach(session.trainer.step) is not None:
            scenes.go_on()
            assert scenes.index is not None
            session.sink.publish(SceneReached(scenes.index, waiting=False))

    def wait_at_scene(self) -> bool:
        """Pause if a scene begins at this step."""
        session = self._session
        if not self.interactive:
            return False
        scene = session.course.scenes.reach(session.trainer.step)
        if scene is None:
            return False
        index = session.course.scenes.index
        assert index is not None
        if scene.pace is not None:
            session.pacer.pace = scene.pace
        elif self._pace_after_hurry is not None:
            session.pacer.pace = self._pace_after_hurry
        self._pace_after_hurry = None
        session.pause(f"scene {index + 1}")
        session.sink.publish(SceneReached(index, waiting=True))
        return True
