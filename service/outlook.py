"""Outlook: whether a question asks of what is to come, and whether a sentence tells of it.

'What will a ticket cost next year?' is not answered by what it costs. Surface signs in English and Korean;
knows nothing of scores or of dates.
"""

import re
from functools import lru_cache

_ASKS = re.compile(
    r"\b(?:what|who(?:m|se)?|which|when|where|how|why)\b.{0,60}?\bwill\b(?! of\b)|^\W*will\b|"
    r"\b(?:is|are) (?:\w+ ){0,3}?(?:going|planned|expected|due) to\b|"
    r"\bnext (?:year|month|week|decade|season)\b|\btomorrow\b|\bin (?:the )?(?:near )?future\b|"
    r"내년|앞으로|예정|다음 (?:달|해|주)",
    re.IGNORECASE,
)
_TELLS = re.compile(
    r"\b(?:will|shall|going to|plans?|planned|aims?|goals?|targets?|intends?|intended|expect(?:s|ed)?|"
    r"scheduled|due|upcoming|next|future|until|till|promise[sd]?|want(?:s|ed)?|announced)\b|"
    r"\bby (?:the end of )?20\d\d\b|\b(?:is|are) to\b|예정|계획|내년|앞으로|까지|목표",
    re.IGNORECASE,
)


@lru_cache(64)
def asks_for_future(question: str) -> bool:
    """Tell whether a question asks of what is to come."""
    return _ASKS.search(question) is not None


def tells_of_future(sentence: str) -> bool:
    """Tell whether a sentence says what will be, is planned or is aimed at."""
    return _TELLS.search(sentence) is not None
