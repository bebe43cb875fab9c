"""Signs that a sentence says the opposite of what a question asks: negation, and words against words.

Surface signs in English: a negation that only one of the two has, 'least' where the other says 'most',
'unprotected' where it says 'protected'. Knows nothing of scores, and nothing of opposites outside its lists.
"""

import re
from functools import lru_cache

from indexer import terms_of

_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nor|neither|without|cannot|nobody|nothing|hardly|rarely|seldom|fail(?:s|ed)?|"
    r"unable|lack(?:s|ed)?|except|unlike|besides|instead|other than)\b|n['’]t\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")
_PREFIXES = ("un", "non", "in", "im", "ir", "il", "dis", "mis", "de", "anti", "counter")
_SHORTEST = 4
"""Letters that a word keeps without its prefix."""

_PAIRS = """
more less, more fewer, most least, most fewest, many few, first last, before after, above below, over
under, inside outside, internal external, upper lower, top bottom, up down, left right, front back, near
far, north south, east west, northern southern, eastern western, horizontal vertical, forward backward,
increase decrease, increase reduce, rise fall, rise drop, grow shrink, grow decline, raise lower, expand
contract, improve worsen, gain lose, gain loss, profit loss, income expense, supply demand, add subtract,
add remove, multiply divide, plus minus, maximum minimum, major minor, majority minority, full empty,
complete partial, high low, higher lower, highest lowest, large small, larger smaller, largest smallest,
greater less, big small, long short, longer shorter, longest shortest, wide narrow, thick thin, deep
shallow, heavy light, hot cold, warm cool, heat cold, wet dry, light dark, black white, fast slow, strong
weak, hard soft, hard easy, easy difficult, rich poor, wealthy poor, old new, old young, oldest youngest,
oldest newest, early late, earlier later, earliest latest, ancient modern, past future, day night,
morning evening, summer winter, start end, begin end, open close, enter leave, join leave, arrive leave,
appear disappear, create destroy, build destroy, build demolish, found abolish, win lose, win defeat,
victory defeat, success failure, succeed fail, war peace, attack defend, accept reject, accept refuse,
agree disagree, allow forbid, allow ban, allow prevent, permit prohibit, support oppose, include exclude,
connect disconnect, join separate, combine separate, together apart, push pull, attract repel, encourage
discourage, praise criticise, praise criticize, give take, send receive, buy sell, import export, teach
learn, lend borrow, hire fire, remember forget, love hate, birth death, born died, live die, male female,
man woman, men women, father mother, son daughter, brother sister, husband wife, king queen, friend
enemy, ally enemy, teacher student, employer employee, good bad, best worst, better worse, right wrong,
true false, positive negative, active passive, public private, local national, domestic foreign, urban
rural, natural artificial, simple complex, single multiple, same different, similar different, common
rare, always never, often rarely, all none, primary secondary, permanent temporary, voluntary compulsory,
mandatory optional, offensive defensive, conservative liberal, catholic protestant, clean dirty, safe
dangerous, cause effect, liquid solid, gas solid, acid base
"""


def _stem(word: str) -> str:
    return next(iter(terms_of(word)), word.casefold())  # a stop word is its own stem


def _listed() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for pair in _PAIRS.split(","):
        one, other = map(_stem, pair.split())
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in found.items()}


@lru_cache(1)  # made at the first question, not at import
def _opposites() -> dict[str, frozenset[str]]:
    return _listed()


@lru_cache(1)
def _stop_words() -> frozenset[str]:
    """Return the listed words that are no terms: 'more', 'before', 'up'."""
    return frozenset(word for word in _opposites() if not terms_of(word))


def negated(text: str) -> bool:
    """Tell whether a text holds a negation: 'not', 'never', 'wasn't', 'without', 'failed' or 'except'."""
    return _NEGATION.search(text) is not None


def opposites_held(question: str, text: str) -> int:
    """Return how many of the question's words a text lacks while it holds their opposite."""
    asked, held = _stems(question), _stems(text)
    return sum(_is_opposed(word, asked, held) for word in asked - held)


def _is_opposed(word: str, asked: frozenset[str], held: frozenset[str]) -> bool:
    if not _opposites().get(word, frozenset()).isdisjoint(held - asked):
        return True
    for prefix in _PREFIXES:
        bare = word.removeprefix(prefix)
        if bare != word and len(bare) >= _SHORTEST and bare in held:
            return True
        if len(word) >= _SHORTEST and prefix + word in held:
            return True
    return False


@lru_cache(64)
def _stems(text: str) -> frozenset[str]:
    return frozenset(terms_of(text)) | _stop_words().intersection(_WORD.findall(text.casefold()))
