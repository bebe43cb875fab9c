"""Standard output and standard error: UTF-8 whatever the locale, and quiet when nobody reads on."""

import json
import os
import sys
from collections.abc import Iterable
from typing import Any, TextIO, cast

import typer

CLOSED_PIPE = 141
"""The status of a program that SIGPIPE ended, which shells know."""


def use_utf8() -> None:
    """Write UTF-8 on both streams, whatever the locale says."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            cast(Any, stream).reconfigure(encoding="utf-8", errors="backslashreplace")


def write(lines: Iterable[str]) -> None:
    """Write each line to standard output as soon as it is there.

    Ends the program, quietly, when the reader of a pipe has gone.
    """
    try:
        for line in lines:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    except BrokenPipeError as error:
        # The interpreter flushes once more when it exits, and must not fail there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(CLOSED_PIPE) from error


def write_json(value: object) -> None:
    """Write one value as a line of JSON."""
    write([as_json(value)])


def as_json(value: object) -> str:
    """Return JSON on one line, in the characters of the text itself."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def complain(message: str) -> None:
    """Write one line to standard error."""
    print(" ".join(message.split()), file=sys.stderr)  # noqa: T201 - this is where the program prints


def is_terminal(stream: TextIO) -> bool:
    """Tell whether people are looking."""
    return stream.isatty()
