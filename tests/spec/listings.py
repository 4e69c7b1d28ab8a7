"""What a message lists of the catalogue, so that a component more is no other message."""

from tui_dl.spec.catalogue import catalogue


def named(family: str) -> str:
    """The names of a family's components, as messages list them."""
    return ", ".join(sorted(each.name for each in catalogue() if each.family == family))


def having(family: str, setting: str) -> str:
    """The names of those of a family's components that have a setting."""
    owners = (each for each in catalogue() if each.family == family)
    return ", ".join(sorted(each.name for each in owners if setting in {field.name for field in each.fields}))
