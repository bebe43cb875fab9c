"""What every result that displays itself has: HTML and Markdown for notebooks, plain text for ``print``.

Loads what draws only when something is drawn: a question on the command line pays nothing for it.
"""

from typing import Protocol


class PrettyPrinter(Protocol):
    """What IPython hands to ``_repr_pretty_``."""

    def text(self, obj: str) -> None:
        """Write a text."""


class Displayed:
    """Gives a result its four looks; which it is decides ``service/display.py``."""

    __slots__ = ()

    def __str__(self) -> str:
        """Return the result as plain text, harmless for a terminal."""
        from service.display import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from service.display import as_html

        return as_html(self)

    def _repr_markdown_(self) -> str:
        from service.display import as_markdown

        return as_markdown(self)

    def __init_subclass__(cls) -> None:
        """Give the class what IPython looks for in the class itself, before the fields of a dataclass."""
        super().__init_subclass__()
        cls._repr_pretty_ = _pretty  # type: ignore[attr-defined]


def _pretty(shown: object, printer: PrettyPrinter, cycle: bool) -> None:
    # Beside HTML a notebook stores plain text: the words, and not the fields with their timing.
    printer.text(str(shown))
