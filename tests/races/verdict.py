"""The guarantees, asked of the whole database in plain SQL that relies on no constraint: for judging after a race."""

from clinic import guarantees


def broken() -> dict[str, int]:
    """How often each guarantee is broken in the whole database; those that hold are left out."""
    return {breach.guarantee.code: breach.count for breach in guarantees.breaches()}
