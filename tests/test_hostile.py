"""No text keeps the server at work out of all proportion to its length."""

import subprocess
import sys
from pathlib import Path

LONG_ENOUGH = 300
"""Seconds: many times what all of them take, and nothing beside what one careless pattern took."""


def test_no_text_is_read_in_more_ways_than_there_is_time_for() -> None:
    program = Path(__file__).with_name("hostile.py")
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, timeout=LONG_ENOUGH, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "done"), done.stderr
