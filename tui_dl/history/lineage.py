"""Which part of which segment the present run is made of, and which parts were abandoned."""

from dataclasses import dataclass, field
from typing import Literal, final


@dataclass(frozen=True, slots=True)
class Span:
    """The steps first_step to last_step, both included, of one segment; a last_step of None is open."""

    segment: int
    first_step: int
    last_step: int | None
    kind: Literal["live", "abandoned", "earlier"] = "live"


@final
@dataclass(slots=True)
class Lineage:
    """The tree of segments: an undo branches one off at a step, a restart begins one without a parent."""

    parents: dict[int, tuple[int, int] | None] = field(default_factory=dict)

    @property
    def current(self) -> int:
        """The segment that is being written: the highest number, 0 before there is any."""
        return max(self.parents, default=0)

    def ancestors(self, segment: int) -> list[tuple[int, int | None]]:
        """(segment, last step that counts) from `segment` back to its root; the step of `segment` is open."""
        chain: list[tuple[int, int | None]] = [(segment, None)]
        limit: int | None = None
        seen = {segment}
        while (parent := self.parents.get(segment)) is not None:
            segment, at_step = parent
            if segment in seen:
                break
            seen.add(segment)
            # An undo may reach back beyond the point where its own parent branched off.
            limit = at_step if limit is None else min(limit, at_step)
            chain.append((segment, limit))
        return chain

    def live(self, segment: int | None = None) -> list[Span]:
        """The spans that make up the curve of `segment` (the current one by default), oldest first."""
        chain = self.ancestors(self.current if segment is None else segment)
        spans = []
        for member, limit in reversed(chain):
            first = self.first_step(member)
            if limit is None or limit >= first:
                spans.append(Span(member, first, limit))
        return spans

    def ghosts(self, segment: int | None = None) -> list[Span]:
        """Everything that is not in `live`: branches left by an undo, and runs before a restart.

        No step of `live` is ever in a ghost.
        """
        chain = dict(self.ancestors(self.current if segment is None else segment))
        root_family = set(chain)
        spans = []
        for member in sorted(self.parents):
            first = self.first_step(member)
            if member not in chain:
                related = self.root(member) in root_family
                spans.append(Span(member, first, None, "abandoned" if related else "earlier"))
                continue
            limit = chain[member]
            if limit is not None:
                spans.append(Span(member, max(limit + 1, first), None, "abandoned"))
        return spans

    def first_step(self, segment: int) -> int:
        """The first step that a segment can hold."""
        parent = self.parents.get(segment)
        return 1 if parent is None else parent[1] + 1

    def root(self, segment: int) -> int:
        """The oldest ancestor of a segment."""
        return self.ancestors(segment)[-1][0]
