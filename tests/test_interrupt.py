"""A long run is watched on a terminal and can be stopped there."""

import json
import os
import pty
import signal
import subprocess
from contextlib import closing
from pathlib import Path

from commandline import COMMAND, ENVIRONMENT, civicite

from indexer import Index, IndexNotFound
from indexer.batches import ARTICLES_PER_COMMIT

ARTICLES, KEPT = 20_000, 600


def test_a_run_shows_its_progress_and_when_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    records = (
        {"_id": f"town-{n}", "title": f"Town {n}", "text": f"Town {n} keeps {n + 2} bridges."}
        for n in range(ARTICLES)
    )
    corpus, index = tmp_path / "towns.jsonl", tmp_path / "index"
    corpus.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "index", str(corpus), "--index", str(index)],
        stderr=theirs,
        stdout=subprocess.PIPE,
        env={**ENVIRONMENT, "COLUMNS": "120", "TERM": "xterm"},
    )
    os.close(theirs)
    read_until(ours, "articles read")
    while not commits(index):
        os.read(ours, 4096)  # a terminal that is not read would stop the run
    process.send_signal(signal.SIGINT)
    shown = read_until(ours, "goes on from there")
    assert process.wait(timeout=30) == 130
    assert "Traceback" not in shown
    os.close(ours)
    assert process.stdout is not None
    process.stdout.close()

    assert civicite("verify", "--index", index).returncode == 0
    # The rest of the run shall not take long.
    lines = corpus.read_text(encoding="utf-8").splitlines(keepends=True)
    corpus.write_text("".join(lines[:KEPT]), encoding="utf-8")
    done = civicite("index", corpus, "--index", index, "--json")
    counts = json.loads(done.stdout)
    assert counts["added"] + counts["unchanged"] == KEPT
    assert counts["unchanged"] >= ARTICLES_PER_COMMIT


def commits(index: Path) -> int:
    try:
        with closing(Index.open(index)) as opened, opened.view() as view:
            return view.commit
    except IndexNotFound:
        return 0


def read_until(terminal: int, *wanted: str) -> str:
    shown = ""
    while not all(one in shown for one in wanted):
        shown += os.read(terminal, 4096).decode(errors="replace")
    return shown
