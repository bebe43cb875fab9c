"""A process that answers questions one after another through ``Assistant`` and says how long each took.

``python -m benchmarks.speed.ask_worker INDEX QUESTIONS.jsonl COUNT``: one JSON object on standard output.
"""

import json
import sys
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

from benchmarks.memory import resident_mib

WARM_UP = 50


def main(index: str, questions_file: str, count: str) -> None:
    """Warm up, then ask ``count`` questions, then search with them."""
    begun = time.perf_counter()
    from service.assistant import Assistant

    assistant = Assistant.open(Path(index))
    opened = time.perf_counter() - begun
    lines = Path(questions_file).read_text(encoding="utf-8").splitlines()
    texts = list(islice(cycle(json.loads(line)["text"] for line in lines), int(count)))
    for text in texts[:WARM_UP]:
        assistant.ask(text)
    before = resident_mib()
    result = {
        "open seconds": opened,
        "ask ms": [_milliseconds(lambda text=text: assistant.ask(text)) for text in texts],  # type: ignore[misc]
        "resident MiB after warm-up": before,
        "resident MiB after asking": resident_mib(),
        "search ms": [
            _milliseconds(lambda text=text: assistant.search_articles(text, top_k=100))  # type: ignore[misc]
            for text in texts
        ],
    }
    print(json.dumps(result))


def _milliseconds(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main(*sys.argv[1:])
