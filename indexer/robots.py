"""What a site asks of programs in its robots.txt, after RFC 9309.

Knows which answers to the request for robots.txt mean that there is none, and which that nothing may be
fetched. How it is fetched is the fetcher's matter.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from indexer.errors import FetchError

if TYPE_CHECKING:
    from protego import Protego

AGENT = "civicite"
"""The name that a site may address in its robots.txt."""
LONGEST = 512_000
"""Bytes of a robots.txt that are heeded."""


@dataclass(slots=True)
class Robots:
    """The rules of the sites that were met so far; ``fetch`` gets the bytes behind an address."""

    fetch: Callable[[str], bytes]
    _known: "dict[str, Protego | FetchError]" = field(default_factory=dict)

    def check(self, address: str) -> float:
        """Return the seconds that the site wants between two requests; raises FetchError where it says no."""
        rules = self._rules(address)
        if isinstance(rules, FetchError):
            # What keeps robots.txt from being read at all would keep the page from being read.
            is_answered = rules.status is not None
            problem = (
                f"its site's robots.txt cannot be read ({rules.problem})" if is_answered else rules.problem
            )
            raise FetchError(address, problem, rules.mend)
        if not rules.can_fetch(address, AGENT):
            raise FetchError(
                address,
                "its site's robots.txt asks programs to stay away",
                "ask the publisher, or save the page and index the file",
            )
        return rules.crawl_delay(AGENT) or 0.0

    def _rules(self, address: str) -> "Protego | FetchError":
        from protego import Protego

        site = "{0.scheme}://{0.netloc}".format(urlsplit(address))
        if site not in self._known:
            try:
                content = self.fetch(f"{site}/robots.txt")[:LONGEST]
                self._known[site] = Protego.parse(content.decode("utf-8", "replace"))
            except FetchError as error:
                # A site that answers 'not found' or 'forbidden' has no rules; one that does not answer
                # may have some.
                refused = error.status is not None and 400 <= error.status < 500 and error.status != 429
                self._known[site] = Protego.parse("") if refused else error
        return self._known[site]
