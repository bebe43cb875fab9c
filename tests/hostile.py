"""Texts that make a careless pattern try every way to share them out, given to all that reads questions.

Run as a program, because a pattern at work lets nobody interrupt it: prints ``done`` when all were read.
"""

import sys
from collections.abc import Iterator
from typing import get_args

from indexer import terms_of
from indexer.encoders.hashing import HashingEncoder
from indexer.segment import sentences
from indexer.submission import submitted
from service import cues, opposites, outlook, timeliness, values
from service.askable import LONGEST_QUESTION
from service.claims import quotations
from service.conversation import Turn, understood
from service.expected import Expected, expected_of, told
from service.expressions import measures, quantities
from service.focus import focus_of, item_focus
from service.markdown import marked
from service.naming import agents, called, enumerates, places, series
from service.parts import parts_of
from service.plain import words_of
from service.question import Kind, kind_of, understand

ENCODER = HashingEncoder()
BEFORE = "What did CityNet do in Seoul in 2019?"
SENTENCE = "The old bridge was opened by Ana Lim in 1999, in Oslo, with 12 members."

_RUNS = (
    *"aA7 ,.-–('\"“[?!:;*_한",
    *("a ", "A ", "a, ", "A, ", "A. ", "a-", "A-", "a'", "1,", "1.1", "1, 2 ", "한 ", "\n", " \n", "\u3000"),
    *("and ", "now ", "it ", "in ", "what ", "A and ", "A, B and ", "A of ", "how many ", "by the ", "?. "),
)  # fmt: skip
_OPENINGS = ("", "what is ", "How many ", "Who was ", "And in ", "A ")
_ENDINGS = ("", "  b", "\0")


def texts(length: int) -> Iterator[str]:
    """Yield long runs of a few characters, with what opens them and what keeps them from fitting."""
    for opening in _OPENINGS:
        for run in _RUNS:
            for ending in _ENDINGS:
                yield opening + (run * length)[: length - len(opening) - len(ending)] + ending


def _read_question(text: str) -> None:
    kind = kind_of(text)
    terms_of(text)
    parts_of(text)
    expected_of(text, kind)
    words_of(text)
    outlook.asks_for_future(text)
    timeliness.asks_for_now(text)
    timeliness.year_asked(text)
    cues.subject_terms(text)
    understand(text, ENCODER)
    for turns in ([Turn(BEFORE, text)], [Turn(text, text)] * 3):
        understood(turns, text, LONGEST_QUESTION)
    for asked in ("And in Busan?", "When was it founded there?"):
        understood([Turn(text)], asked, LONGEST_QUESTION)
    _read_sentence(text, SENTENCE)


def _read_sentence(question: str, text: str) -> None:
    for kind in get_args(Kind):
        cues.answers_kind(kind, text)
    for expected in get_args(Expected):
        told(expected, question, text)
    cues.label_fits(question, text, is_line=True)
    cues.leans_on_neighbour(text)
    cues.opens_bibliography(text)
    cues.counts_what_is_asked(question, text)
    opposites.opposites_held(question, text)
    outlook.tells_of_future(text)
    values.dates(text)
    values.figures(text)
    focus_of(question, text)
    item_focus(question, text)


def _read_text(text: str) -> None:
    sentences(text)
    quotations(text)
    marked(text)
    quantities(text)
    for unit in ("length", "time", "area", "percentage", "money"):
        measures(unit, text)
    for find in (agents, called, places, series):
        find("Which a was it?", text)
    enumerates(text)


def main() -> None:
    """Read them all."""
    for text in texts(LONGEST_QUESTION):
        _read_question(text)
        _read_sentence("How many a were held?", text)
        _read_text(text)
    # An article may be a thousand times as long as a question.
    submitted("a", "", "A," + "\u3000" * 200_000 + "x", {})
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main()
