"""The command ``verify-answer``: somebody's quotations, compared with the catalog."""

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.options import AsOfOption, IndexOption, JsonOption, given_path, settings_with
from service.output import is_terminal, write, write_json

if TYPE_CHECKING:
    from service.verdicts import Claim, Verdict


def verify_answer(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="An answer: JSON as 'ask --json' gives it, or any text; - is standard input.",
            parser=given_path,
        ),
    ],
    index: IndexOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check each quotation of anybody's answer. Compared with the articles, character by character.

    Ends with status 1 unless every quotation is verified. Needs no model.
    """
    from contextlib import closing

    from indexer import Index, InputError
    from service.claims import read_claims
    from service.verification import verify_quote

    where = "standard input" if str(file) == "-" else str(file)
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        content = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(where, f"cannot be read ({reason})", "give a file in UTF-8") from error
    found = read_claims(content, where)
    with closing(Index.open(settings_with(index).index)) as opened, opened.view(as_of) as view:
        verdicts = [verify_quote(view, claim) for claim in found.claims]
    verified = all(verdict.verified for verdict in verdicts) and found.unquoted is None
    if as_json:
        results = [
            {"quote": claim.quote, **verdict.to_dict()}
            for claim, verdict in zip(found.claims, verdicts, strict=True)
        ]
        write_json({"results": results, "verified": verified, "unquoted": found.unquoted})
    else:
        _show(found.claims, verdicts, found.unquoted)
    if not verified:
        raise typer.Exit(1)


def _show(claims: "tuple[Claim, ...]", verdicts: "list[Verdict]", unquoted: str | None) -> None:
    coloured = is_terminal(sys.stdout)
    for number, (claim, verdict) in enumerate(zip(claims, verdicts, strict=True), 1):
        write(_lines(number, claim, verdict, coloured=coloured))
    if unquoted is not None:
        write([f"not a quotation: {_flat(unquoted)}"])
    counts = Counter(verdict.status for verdict in verdicts)
    write([", ".join(f"{status} {count}" for status, count in counts.most_common())])


def _lines(number: int, claim: "Claim", verdict: "Verdict", *, coloured: bool) -> list[str]:
    name = verdict.status.replace("_", " ")
    if coloured:
        name = typer.style(name, fg="green" if verdict.verified else "red", bold=True)
    lines = [f"{number}. {name}: {_flat(claim.quote)}"]
    if verdict.problem is not None:
        lines.append(f"   {verdict.problem}")
    if verdict.found is not None and not verdict.fragments:
        where = verdict.found
        place = f"{where.article_id} revision {where.revision}, {where.start}–{where.end}"
        lines.append(f"   {place}" + ("" if where.quote == claim.quote else f": {_flat(where.quote)}"))
    if verdict.differing == "words":
        lines += [
            f"   says {_shown(ours)}, the source {_shown(theirs)}"
            for ours, theirs in verdict.differences[:_MOST]
        ]
    for part in verdict.fragments[:_MOST]:
        place = f"{part.article_id} revision {part.revision}, {part.start}–{part.end}"
        lines.append(f"   {place}: {_flat(part.quote)}")
    return lines


_MOST = 8
"""Differences or parts that are shown; JSON has all."""


def _shown(words: str) -> str:
    return f"“{_flat(words)}”" if words.strip() else "nothing"


def _flat(text: str) -> str:
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= _LINE else f"{flat[: _LINE - 1]}…"


_LINE = 300
