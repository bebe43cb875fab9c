"""Made-up cities, any number of them: an article of one passage each, and the question that it answers.

The same number gives the same article on every machine. A city's count is in no other sentence of the
collection, so that an answer shows which state of which article it was taken from.
"""

import random
from dataclasses import dataclass

from indexer import Found, submitted

_SYLLABLES = "ba de fi go ku la me ni po ru sa te vi wo zu".split()
_SERVICES = "tram lines|night buses|public libraries|flood gates|cooling centres|bicycle stations".split("|")
_WORDS = """the of and to in a for that with on by from as at its their council city residents district plan
    budget water road school river market station energy housing safety public transport street bridge park
    waste flood heat air office mayor survey report quarter harbour project programme network service centre
    department repair pavement drainage lighting inspection tender opening meeting volunteer warning shelter
    reservoir sewer crossing avenue terrace orchard depot timetable ticket platform corridor garden canal dyke
    pump meter roof wall stairway square monument archive festival clinic nursery workshop quay ferry lock
    signal crossing kerb gutter bollard viaduct embankment culvert aqueduct
    cistern boulevard precinct""".split()
_WEIGHTS = [1 / place for place in range(1, len(_WORDS) + 1)]


@dataclass(frozen=True, slots=True)
class City:
    """One made-up city; ``state`` numbers the revisions of its article."""

    number: int
    state: int = 0

    @property
    def id(self) -> str:
        """The article's id."""
        return f"cities/{self.number}"

    @property
    def name(self) -> str:
        """A name that no other number has."""
        rest, name = self.number + 15**3, ""
        while rest:
            rest, syllable = divmod(rest, len(_SYLLABLES))
            name += _SYLLABLES[syllable]
        return name.capitalize()

    @property
    def service(self) -> str:
        """What is counted there."""
        return _SERVICES[self.number % len(_SERVICES)]

    @property
    def fact(self) -> str:
        """The sentence that answers the question; it names the state."""
        return f"{self.name} runs {10_000 + self.state} {self.service} for its residents."

    @property
    def question(self) -> str:
        """The question that the article answers."""
        return f"How many {self.service} does {self.name} run?"

    @property
    def title(self) -> str:
        """The article's title."""
        return f"{self.service.capitalize()} of {self.name}"

    @property
    def text(self) -> str:
        """Some eighty words, the fact among them, rare words and numbers like those of real articles."""
        chance = random.Random(self.number)  # noqa: S311 - no secret is made of it
        said = [_sentence(chance) for _ in range(5)]
        return " ".join([said[0], self.fact, *said[1:]])

    def submitted(self) -> Found:
        """The article as it comes over HTTP."""
        return submitted(self.id, self.title, self.text, {"city": [self.name]})

    def record(self) -> dict[str, object]:
        """The body of its PUT."""
        return {"title": self.title, "text": self.text, "metadata": {"city": [self.name]}}


def _sentence(chance: random.Random) -> str:
    words = chance.choices(_WORDS, _WEIGHTS, k=11)
    rare = "".join(chance.choices(_SYLLABLES, k=4))
    return f"{' '.join(words).capitalize()} {rare} {chance.randrange(100_000)}."
