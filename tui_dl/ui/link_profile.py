"""How much is sent to the terminal: all that a local one takes, or half of it over SSH."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, final

LinkName = Literal["local", "ssh"]
LinkSetting = Literal["auto", "local", "ssh"]


@final
@dataclass(frozen=True, slots=True)
class LinkProfile:
    """One kind of link.

    Attributes:
        name: how it is called.
        stretch: what every time between two frames is multiplied by.
        watch_rate_hz: readings a second that the engine is asked for.
        reports_motion: whether a mouse that only moves is heard of; its reports travel the other way.
    """

    name: LinkName
    stretch: float
    watch_rate_hz: float
    reports_motion: bool


LOCAL: Final = LinkProfile("local", 1.0, 10.0, reports_motion=True)
SSH: Final = LinkProfile("ssh", 2.0, 5.0, reports_motion=False)


def profile_for(setting: LinkSetting, environment: Mapping[str, str]) -> LinkProfile:
    """The profile that is set, or with `auto` that of the session: sshd sets SSH_CONNECTION in its own."""
    if setting == "auto":
        return SSH if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY") else LOCAL
    return SSH if setting == "ssh" else LOCAL
