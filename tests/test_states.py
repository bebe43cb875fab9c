"""Any sequence of edits, crashes and reopenings leaves what a fresh build of the final state gives out."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from building import article, contents, put, withdraw
from crashing import Program
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from witness import given_out, lasting

from indexer import Article, ArticleNotFound, Index, IndexNotFound, check, repair
from indexer.layout import Layout

TEXTS = (
    "Trams run on the ring road of town number 7.",
    "The flood of 1910 rose eight metres. Walls were built. Town number 7 has 12 bridges.",
    "Trams run on the ring road.\n\n• Line one\n• Line two",
    "서울은 1995년에 지하철을 넓혔다. 지금은 노선이 아홉 개다.",
    "The harbour wall of Incheon was raised in 1998; a lighthouse stands on it.",
)
IDS = st.sampled_from("abcde")
KNOWN = st.fixed_dictionaries(
    {
        "title": st.sampled_from([None, "Trams", "A title"]),
        "published": st.sampled_from([None, "1998", "2011-05-02"]),
        "city": st.sampled_from(["Seoul", "Incheon"]),
    }
)
Contents = dict[str, dict[str, str | None]]
STEPS = ("commit", "mark", "terms", "vectors", "seal")
"""A writer is stopped before it has done this with what it was given."""


class Edits(RuleBasedStateMachine):
    """The index at ``folder`` beside ``state``, which is what should be in it."""

    program: Program

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="civicite-edits-"))
        self.folder = self.place / "edited"
        self.state: Contents = {}
        self.reader: Index | None = None

    def teardown(self) -> None:
        if self.reader is not None:
            self.reader.close()
        shutil.rmtree(self.place)

    @initialize(texts=st.lists(st.sampled_from(TEXTS), min_size=3, max_size=3), known=KNOWN)
    def begin(self, texts: list[str], known: dict[str, str | None]) -> None:
        """With less there is little that a step could do."""
        self._put({identity: {"text": text, **known} for identity, text in zip("abc", texts, strict=True)})

    @rule(identity=IDS, text=st.sampled_from(TEXTS), known=KNOWN)
    def add_or_change(self, identity: str, text: str, known: dict[str, str | None]) -> None:
        self._put({identity: {"text": text, **known}})

    @precondition(lambda self: self.state)
    @rule(choice=st.randoms(use_true_random=False), known=KNOWN)
    def change_only_what_is_known_of_it(self, choice, known: dict[str, str | None]) -> None:  # type: ignore[no-untyped-def]
        identity = choice.choice(sorted(self.state))
        self._put({identity: {**self.state[identity], **known}})

    @precondition(lambda self: self.state)
    @rule(choice=st.randoms(use_true_random=False), identity=IDS)
    def rename(self, choice, identity: str) -> None:  # type: ignore[no-untyped-def]
        before = choice.choice(sorted(self.state))
        content = self.state[before]
        self._withdraw(before)
        self._put({identity: content})

    @precondition(lambda self: len(self.state) > 1)
    @rule(choice=st.randoms(use_true_random=False))
    def swap(self, choice) -> None:  # type: ignore[no-untyped-def]
        one, other = choice.sample(sorted(self.state), 2)
        self._put({one: self.state[other], other: self.state[one]})

    @precondition(lambda self: self.state)
    @rule(choice=st.randoms(use_true_random=False))
    def remove(self, choice) -> None:  # type: ignore[no-untyped-def]
        self._withdraw(choice.choice(sorted(self.state)))

    @rule(identity=IDS, text=st.sampled_from(TEXTS), step=st.sampled_from(STEPS))
    def crash_while_changing(self, identity: str, text: str, step: str) -> None:
        """Another writer ends without a word before a step of taking the article in."""
        lived = self.program.live(folder=self.folder, put={identity: text}, stop=step)
        # What is there already is not written again: then no step may come.
        assert lived["killed"] or (self.state.get(identity) == {"text": text} and lived["status"] == 0)
        # A seal is written before the commit, too, where what came before is not sealed yet.
        if step != "commit" and (step != "seal" or self._holds(identity, text)):
            self.state[identity] = {"text": text}

    def _holds(self, identity: str, text: str) -> bool:
        try:
            with closing(Index.open(self.folder)) as index, index.view() as view:
                article = view.article(identity)
                return article.text == text and not article.withdrawn
        except (IndexNotFound, ArticleNotFound):
            return False

    @precondition(lambda self: self.folder.exists())
    @rule(name=st.sampled_from(["terms", "vectors", "mark", "seal"]))
    def lose(self, name: str) -> None:
        layout = Layout(self.folder)
        lost = {
            "terms": [layout.terms(1)],
            "vectors": [layout.vectors(1), layout.vectors_seal(1)],
            "mark": [layout.mark],
            "seal": [layout.seal],
        }
        for path in lost[name]:
            shutil.rmtree(path, ignore_errors=True)
            if path.is_file():
                path.unlink()

    @precondition(lambda self: self.state)
    @rule()
    def keep_a_reader_open(self) -> None:
        """A reader that stays hinders no writer, and sees what is newest."""
        if self.reader is None:
            self.reader = Index.open(self.folder)
        with self.reader.view() as view:
            assert [identity for identity, *_ in view.articles()] == sorted(self.state)

    @precondition(lambda self: self.folder.exists())
    @rule()
    def mend(self) -> None:
        repair(self.folder)

    @invariant()
    def nothing_is_damaged(self) -> None:
        if self.folder.exists():
            assert [str(finding) for finding in check(self.folder) if finding.kind == "damage"] == []

    def _put(self, contents: Contents) -> None:
        put(self.folder, _articles(contents))
        self.state.update(contents)

    def _withdraw(self, identity: str) -> None:
        withdraw(self.folder, identity)
        del self.state[identity]


class ComparedAtTheEnd(Edits):
    """When all is done, the index is compared with a fresh one."""

    def teardown(self) -> None:
        try:
            if self.state:
                put(self.folder, [])
                put(self.place / "fresh", _articles(self.state))
                assert contents(self.folder) == contents(self.place / "fresh")
                assert lasting(given_out(self.folder)) == lasting(given_out(self.place / "fresh"))
        finally:
            super().teardown()


def _articles(contents: Contents) -> Iterator[Article]:
    for identity, content in sorted(contents.items()):
        known = {name: value for name, value in content.items() if name not in ("text", "title") and value}
        yield article(identity, content["text"] or "", content.get("title"), **known)


def examples(count: int, steps: int) -> settings:
    return settings(
        max_examples=count,
        stateful_step_count=steps,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
        derandomize=True,
        database=None,
    )


@pytest.fixture(scope="module", autouse=True)
def _program() -> Iterator[None]:
    Edits.program = Program()
    yield
    Edits.program.close()


def test_any_sequence_of_edits_and_crashes_ends_as_a_fresh_build() -> None:
    run_state_machine_as_test(ComparedAtTheEnd, settings=examples(12, 12))


@pytest.mark.proof
def test_hundreds_of_sequences_of_edits_and_crashes_end_as_a_fresh_build() -> None:
    run_state_machine_as_test(ComparedAtTheEnd, settings=examples(300, 25))
