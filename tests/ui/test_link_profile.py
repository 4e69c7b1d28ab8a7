import pytest

from tui_dl.ui.link_profile import LOCAL, SSH, LinkSetting, profile_for


@pytest.mark.parametrize(
    ("setting", "environment", "profile"),
    [
        ("auto", {}, LOCAL),
        ("auto", {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}, SSH),
        ("auto", {"SSH_TTY": "/dev/pts/3"}, SSH),
        ("auto", {"SSH_CONNECTION": ""}, LOCAL),
        ("ssh", {}, SSH),
        ("local", {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}, LOCAL),
    ],
)
def test_what_is_set_is_stronger_than_what_the_session_tells(
    setting: LinkSetting, environment: dict[str, str], profile: object
) -> None:
    assert profile_for(setting, environment) is profile


def test_over_ssh_everything_is_halved() -> None:
    assert SSH.stretch == 2 * LOCAL.stretch
    assert SSH.watch_rate_hz == LOCAL.watch_rate_hz / 2
    assert not SSH.reports_motion
