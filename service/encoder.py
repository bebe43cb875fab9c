"""The encoder that the settings choose, for whoever needs one: questions, edits, measurements."""

from collections.abc import Callable

from indexer import LoadedEncoder, load_encoder
from service.settings import Settings


def chosen_encoder(settings: Settings, notice: Callable[[str], None] | None = None) -> LoadedEncoder:
    """Load it; ``notice`` is told before slow work. Raises EncoderError."""
    return load_encoder(
        settings.model,
        runtime=settings.runtime,
        cache_dir=settings.cache_dir,
        precision=settings.precision,
        threads=settings.threads,
        notice=notice,
    )
