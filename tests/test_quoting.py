"""Links that a browser opens at the quote."""

from service.quoting import text_fragment

PAGE = "https://example.org/shed"


def test_a_link_leads_to_the_words_without_the_references_that_close_them() -> None:
    assert text_fragment(PAGE, "It is old.[1][2]") == f"{PAGE}#:~:text=It%20is%20old."
    assert text_fragment(PAGE, "It is [sic] old.") == f"{PAGE}#:~:text=It%20is%20%5Bsic%5D%20old."
    assert text_fragment(PAGE, "[1]") == f"{PAGE}#:~:text=%5B1%5D"


def test_a_long_quote_is_named_by_its_ends() -> None:
    words = [f"word{number}" for number in range(40)]
    expected = "%20".join(words[:5]) + "," + "%20".join(words[-5:])
    assert text_fragment(PAGE, " ".join(words)) == f"{PAGE}#:~:text={expected}"


def test_an_article_without_an_address_has_no_link() -> None:
    assert text_fragment(None, "It is old.") is None
