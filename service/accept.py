"""Content negotiation: which of the forms that an address can answer in a client prefers (RFC 9110, 12.5.1).

Knows the header ``Accept`` and nothing of what is answered.
"""

from collections.abc import Sequence


def preferred(accept: str | None, offered: Sequence[str]) -> str:
    """Return the media type that a client prefers among those offered; of equals the one offered first.

    Without a header, and where nothing offered is acceptable, it is the first: an answer in another form is
    of more use than none.
    """
    ranges = list(_ranges(accept or "*/*"))
    qualities = [_quality(one, ranges) for one in offered]
    return offered[qualities.index(max(qualities))]


def _quality(offered: str, ranges: Sequence[tuple[str, float]]) -> float:
    """Return the weight of the most specific range that holds a media type; 0 when none does."""
    kind = offered.partition("/")[0]
    given = dict(reversed(ranges))
    return next((given[name] for name in (offered, f"{kind}/*", "*/*") if name in given), 0.0)


def _ranges(accept: str) -> list[tuple[str, float]]:
    found = []
    for one in accept.split(","):
        name, *parameters = (part.strip().lower() for part in one.split(";"))
        weights = [part[2:] for part in parameters if part.startswith("q=")]
        found.append((name, _weight(weights[0]) if weights else 1.0))
    return found


def _weight(text: str) -> float:
    """Read a weight; one that is none counts as 0, so that it cannot be preferred."""
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
