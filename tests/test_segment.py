"""What counts as a sentence, by examples of our own and by invariants over any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.article import Sentence
from indexer.segment import sentences

# One example a line. A bar stands for the space between two sentences, a broken bar for no space at all.
ENGLISH = """
Mr. Tanaka opened the lock gate.|It took an hour.
Dr. Lim and Prof. Osei agreed.|The tunnel was dug.
Mrs. Alvarez chairs it.|Ms. Byrne does not.
Gen. Ortiz, Gov. Hale and Sen. Cho toured the levee.|Rain fell.
The ferry to St. Maren left.|It was full.
We walked down Main St.|The shops were shut.
Line No. 7 runs late.|Use no. 12 instead.
He was asked twice.|No.|He would not go.
Tarn vs. Hollow Creek is on appeal.|A ruling is due.
Use porous paving, e.g. Gravel Grid, on slopes.|It drains.
Two basins, i.e. the upper ones, are dry.|They leak.
Buses, trams, etc. are free on Sundays.|Ferries are not.
They sell maps, tickets, etc.|Visitors pay in coins.
About approx. 40 pumps failed.|Fig. 3 shows them.
See Figs. 2 and 3.|Then read Eq. 4.
The survey ran from Jan. 4 to Feb. 9 in Oslo.|It rained.
It closed in Dec.|The square stayed open.
Orrin Paving Inc. built it.|Delta Works Ltd. paid.
The bid came from Orrin Paving Inc.|It was the lowest.
Orrin Paving Inc. Chairman Ida Roe resigned.|Nobody mourned.
The pump starts at 6 a.m. and stops at 9 p.m. on weekdays.|It hums.
The market opens at 6 a.m.|Vendors come early.
Doors close at 9 p.m. Friday.|Bring a lamp.
The U.S. Senate wrote to the U.N. General Assembly.|No reply came.
She moved back to the U.S.|The house was gone.
They met the U.N.'s water envoy.|He listened.
Rosa Quill, Ph.D., measured it.|The result held.
J. R. Halloran drew the plan.|It was adopted.
The plan by J.R. Halloran stood.|A. B. Crane objected.
John F. Marlow signed.|W. E. B. Stone did not.
Plan B.|The council votes on it tomorrow.
The first phase was called Phase I.|Residents moved in.
It starts at 1:30 p.m. (local time) on the 11th in the hall.|Entry is free.
The dike is 3.5 million years younger.|It is 2.75 m high.
Growth was 1.2 percent.|In 2031 it was 0.4 percent.
The 3rd gate is stuck.|The 4th is not.
Section 2.1 sets limits.|Section 2.1.3 sets none.
Read section 4.2.|The limits are there.
The fair drew people in 1987.|It never came back.
In all 14 wells failed.|12 others were dry.
He paused ... and went on.|Nobody spoke.
The list was long...|It had no end.
And then… nothing came.
And then…|The bell rang.
You paved the wetland?!|Yes.
Who pays?|The harbour does.|Hooray!
“Who pays?” she asked.|Nobody knew.
“Stop the crane!” Bern Aldous shouted.|It stopped.
“The wall will hold.” he said.
He said, “The wall will hold.”|Then it broke.
She answered 'The wall will hold.'|Then it broke.
He called it "the last gate."|Then he left.
The motto “Streets are for people.” hangs over the door.
They chant "Streets are for people!" every May.|We join.
“The river belongs to all.|We only borrow it,” said Mayor Ines Kroll.
The mayor said "the tide is patient" and sat down.|We left.
The vote is in Sept. 2031.|Bring proof.
The vitamin C.|The board paid for it.
Crane & Co. built it.|It leans.
It was dry.|(Nobody had expected it.)|Then it rained.
It was dry (nobody had expected it).|Then it rained.
The basin (see Fig. 2. It is small.) holds little.|It leaks.
Prizes went to Turku, Finland. (2031), and Cork.
Write to ops@harbour.example.org for help.|We reply.
See www.harbour.example.org/a.b?c=d for maps.|They are free.
The maps are at https://harbour.example.org.|They are free.
Version 2.4.1 of node.js was used.|It failed.
Runoff fell by half.[3]|Costs fell too.[4][5]|Nobody objected.
Runoff fell by half. [3]|Costs fell too.
Runoff fell by half [3].|Costs fell too.
Runoff fell (Moreau et al. 2031).|Costs fell too.
Moreau et al. (2031) disagree.|So do we.
As shown by Moreau et al.|The effect is small.
The effect was clear (P < 0.05).|It faded.
The effect was clear at P < 0.05.|We repeated it.
Cultures of E. coli and S. aureus grew.|Others died.
It was shown in vivo.|We then tested it in vitro.
Doses of 5 mg/d.|Vitamin was added later.
Levels of mRNA fell.|p53 levels rose.|α-synuclein did not.
RESULTS The dose was 0.5 ml.|CONCLUSIONS It works.
The bay , 4 km wide , is shallow .|It silts up .
Rain fell on Mt. Kell , and the St. Anne canal rose .|Boats left .
" We will rebuild , " she said .|" It takes time . "|Then she left .
He said " it is over . "|The crowd left .
Tin rose 3 cts to 4.10 dlrs vs. 4.07 a week ago.|Lead fell.
OSLO, March 3 - Tin rose 3 pct.|Lead fell.
The port handled 5.1 mln tonnes.|It had planned 4.8 mln.
we met at the pier.|it was cold.|nobody came.
the gate is shut.|it opens at ten.
iPads are lent out.|eBikes are not.
THE DIKE BROKE.|THE TOWN FLED.|NO. 4 PUMP HELD.
The dike broke.¦The town fled.
The dike broke.|The town fled.
no stop at all in these words
One word
!?
...
"""
OTHER_SCRIPTS = """
시장은 둑을 열었다.|이어 주민이 모였다.
강물이 불어났습니다.|다리는 안전해요.|그렇죠?
"다리는 안전합니다."|그는 자리를 떠났다.
"다리는 안전합니다."라고 그가 말했다.|비가 왔다.
"다리는 안전합니다." 라고 그가 말했다.|비가 왔다.
그는 “물이 온다!”며 뛰었다.|모두 따랐다.
축제는 5월 18일~20일 열린다.|입장은 무료다.
4.19혁명과 6.10항쟁을 기렸다.|사람이 많았다.
회의는 2031. 4. 9. 부산에서 열렸다.|비가 왔다.
면적은 3.5㎢이다.|인구는 2만 명이다.
둑이 무너졌다.¦마을은 비었다.
건축가 F.G. 모로는 떠났다.|집은 남았다.
안건은 1. 예산 2. 인사였다.|모두 통과했다.
iOS 앱이 나왔다.|iPhone에서 쓴다.
橋は閉じた。¦船は来る？¦来ない！
彼は「橋は閉じた。」と言った。¦雨が降った。
「橋は閉じた。」¦彼は去った。
桥关了。¦船会来吗？¦不会！
他说：“桥关了。”¦雨停了。
“桥关了。”他说。¦雨停了。
هل فتح الجسر؟|نعم فتح اليوم.|ثم أغلق.
पुल बंद है।|नाव आएगी।
Мост закрыт.|Лодка придёт.
Die Brücke ist zu.|Das Boot kommt.
¿Quién paga?|¡Nadie!|Así es.
Le pont est fermé.|« Il rouvrira. »|Puis il pleut.
"""


EXAMPLES = [line for line in (ENGLISH + OTHER_SCRIPTS).splitlines() if line]


def shown(text: str) -> list[str]:
    return [text[sentence.start : sentence.end] for sentence in sentences(text)]


def kinds(text: str) -> list[tuple[str, str]]:
    return [(sentence.kind, text[sentence.start : sentence.end]) for sentence in sentences(text)]


def assert_covers(text: str, found: tuple[Sentence, ...]) -> None:
    """In order, stripped, not empty, and nothing but white space outside of them."""
    outside = 0
    for sentence in found:
        quote = text[sentence.start : sentence.end]
        assert quote
        assert quote == quote.strip()
        assert not text[outside : sentence.start].strip()
        assert sentence.start >= outside
        outside = sentence.end
    assert not text[outside:].strip()


def test_there_are_more_than_120_examples() -> None:
    assert len(set(EXAMPLES)) > 120


@pytest.mark.parametrize("example", EXAMPLES)
def test_prose_is_cut_where_its_example_says(example: str) -> None:
    text = example.replace("|", " ").replace("¦", "")
    assert shown(text) == example.replace("¦", "|").split("|")


def test_a_title_a_dateline_and_a_byline_are_units_of_their_own() -> None:
    text = (
        "Harbour City Opens Its Third Tide Gate\n\n9 March 2031\nBy Ines Kroll\n\nThe gate is open. It works."
    )
    assert kinds(text) == [
        ("heading", "Harbour City Opens Its Third Tide Gate"),
        ("line", "9 March 2031"),
        ("line", "By Ines Kroll"),
        ("prose", "The gate is open."),
        ("prose", "It works."),
    ]


def test_label_lines_are_not_joined_with_each_other() -> None:
    text = (
        "Date: 9 March 2031 (Tuesday)\nVenue: Old Mill\nTime: 10 AM - 5 PM\n장소: 부산\nhttps://a.example.org"
    )
    assert kinds(text) == [("line", line) for line in text.splitlines()]


def test_a_sentence_after_a_label_like_word_is_prose() -> None:
    text = "Note: the gate is shut. It opens at ten."
    assert kinds(text) == [("prose", "Note: the gate is shut."), ("prose", "It opens at ten.")]


def test_rows_of_a_table_are_lines() -> None:
    text = "City | Gates\nMaren | 3\n| Turku | 4 |"
    assert kinds(text) == [("line", row) for row in text.splitlines()]


def test_a_row_of_figures_is_a_line_and_no_heading() -> None:
    assert kinds("Net 970,000 vs 202,000\n\nThe gate paid.")[0] == ("line", "Net 970,000 vs 202,000")
    assert kinds("Agenda 2030 and Maren 2050\n\nThe gate paid.")[0][0] == "heading"


def test_each_point_of_a_list_is_one_sentence_with_its_bullet() -> None:
    points = [
        "• Dredge. The bay silts.",
        "- Plant reeds",
        "* Lift roads",
        "▴ Warn people",
        "1. Plan",
        "(a) Pay",
        "가. 계획",
    ]
    assert kinds("\n".join(points)) == [("item", point) for point in points]


def test_a_long_point_is_cut_and_its_first_piece_keeps_the_bullet() -> None:
    first, second = "Dredge " + "the long bay " * 12 + "first.", "Plant " + "the long reeds " * 12 + "then."
    assert kinds(f"• {first} {second}") == [("item", f"• {first}"), ("item", second)]


def test_a_bullet_on_a_line_of_its_own_belongs_to_the_next_line() -> None:
    assert kinds("•\nPlant reeds\n•\nLift roads") == [("item", "•\nPlant reeds"), ("item", "•\nLift roads")]


def test_a_heading_titles_a_list() -> None:
    assert kinds("Target groups\n• Mayors\n• Planners")[0] == ("heading", "Target groups")


def test_a_numbered_title_on_its_own_is_a_heading() -> None:
    assert kinds("2. Water and Health\n\nThe bay is clean.")[0] == ("heading", "2. Water and Health")


def test_a_short_text_that_nothing_follows_is_no_heading() -> None:
    assert kinds("Harbour City") == [("prose", "Harbour City")]


def test_the_lines_of_a_wrapped_paragraph_are_joined() -> None:
    text = (
        "The harbour board has opened the third of its tide gates, which\n"
        "holds back the spring floods that used to reach Market Square\n"
        "Every gate is tended by two keepers. They live in the mill and\n"
        "watch the river at night."
    )
    assert len(sentences(text)) == 2
    assert shown(text)[1].startswith("They live")


def test_captions_of_different_length_are_not_joined() -> None:
    text = "Ines Kroll, mayor of Maren, opens the third tide gate\nBern Aldous, keeper\nThe third gate"
    assert len(sentences(text)) == 3


def test_a_repeated_line_is_not_joined_with_its_copy() -> None:
    caption = "Ines Kroll, mayor of Maren, opens the third of the new tide gates"
    assert len(sentences(f"{caption}\n{caption}\n{caption}")) == 3


def test_a_subscript_on_the_next_line_stays_with_its_symbol() -> None:
    assert shown("The port cut CO\n2 emissions by half. It paid.") == [
        "The port cut CO\n2 emissions by half.",
        "It paid.",
    ]


def test_nothing_but_white_space_has_no_sentences() -> None:
    assert sentences("") == sentences(" \n\n\t\u3000\x1f\n") == ()


WORDS = st.sampled_from(
    [*"Aa1가好ب.!?。…\"'”“()[]|:-•*,", " ", " ", "\n", "\n\n", "\0", "\x1f", "\u2028", "\x85", "e\u0301",
     "👩‍👩‍👧", "The", "U.S.", "Dr. ", "etc. ", "했다.", "라고 ", "1. ", "[1]", " . ", "... ", "Date: "]
)  # fmt: skip
TEXTS = st.one_of(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.lists(WORDS).map("".join))


@given(TEXTS)
def test_sentences_cover_any_text_in_order(text: str) -> None:
    assert_covers(text, sentences(text))


@given(st.lists(st.sampled_from(EXAMPLES), min_size=1, max_size=5))
def test_blocks_do_not_change_how_each_other_are_cut(examples: list[str]) -> None:
    blocks = [example.replace("|", " ").replace("¦", "") for example in examples if example[-1] in ".!?"]
    assert shown("\n\n".join(blocks)) == [quote for block in blocks for quote in shown(block)]


MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    ("unit", "count"),
    [
        ("word ", 1),
        (".", 1),
        (". ", 1),
        ('"', 1),
        ('."', 1),
        ("\n", 0),
        ("(", 1),
        ("@", 1),
        ("- ", 1),
        ("a: ", 1),
        (".[1]", 1),
        (".\t", 1),
    ],
)
def test_a_megabyte_of_one_sign_is_one_sentence_at_most(unit: str, count: int) -> None:
    text = unit * (MEGABYTE // len(unit))
    assert len(sentences(text)) == count
    assert_covers(text, sentences(text))
