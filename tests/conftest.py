"""What several test modules share: the real model, converted once and kept between runs."""

from pathlib import Path

import pytest

from indexer.encoders import LoadedEncoder, load_encoder


@pytest.fixture(scope="session")
def encoder_cache(request: pytest.FixtureRequest) -> Path:
    return request.config.rootpath / ".pytest_cache" / "civicite-encoders"


@pytest.fixture(scope="session")
def encoder(encoder_cache: Path) -> LoadedEncoder:
    return load_encoder(cache_dir=encoder_cache)
