"""Names in a question, told by their capital letters: 'Seoul', 'Asian Development Bank', 'CityNet'.

English alone; a question's first word is a name only when nothing else can begin a question with it.
"""

import re

_BEGINNINGS = frozenset(
    "a an and any are at before but by can could did do does during every find for from give had has have how"
    " in is it its list may name no of on or our please say should show since so some tell that the their"
    " then there these they this those to under until was we were what when where which who whom whose why"
    " will with would he she his her i you your thank thanks hello hi ok okay great good yes no sorry".split()
)
_WORD = r"(?:[A-Z][\w’'&.-]*\w|[A-Z])"
_NAME = re.compile(
    rf"(?<![\w’'.-]){_WORD}(?:\s+(?:(?:of|for|de|la|the|of the|for the)\s+)?(?:{_WORD}|\d+\b))*"
)


def names_in(text: str) -> list[str]:
    """Return the names in a text, each once, in order, without a possessive ending."""
    found: dict[str, None] = {}
    for match in _NAME.finditer(text):
        words = match[0].split()
        while words and words[0].lower() in _BEGINNINGS:
            words.pop(0)
        name = re.sub(r"(?<=\w)['’]s?$", "", " ".join(words))
        if name and not name.isdigit() and name[0].isupper():
            found[name] = None
    return list(found)
