"""Answers as dictionaries: what the standard library makes of them, without its copies."""

import json
from dataclasses import asdict
from pathlib import Path

from building import ENCODER, article, put

from indexer import Index
from service.assistant import Assistant
from service.ranker import Ranker


def test_an_answer_is_written_as_the_standard_library_would(tmp_path: Path) -> None:
    put(tmp_path, [article("a", "The quay was raised in 1987. It is long."), article("b", "A lamp.")])
    with Assistant(Index.open(tmp_path), ENCODER, Ranker.load()) as assistant:
        for found in (assistant.ask("When was the quay raised?", min_confidence=0), assistant.search("quay")):
            plain = asdict(found)
            # It is in the JSON form only when it was asked for.
            assert plain.pop("explanation") is None
            assert json.dumps(found.to_dict()) == json.dumps(plain)
