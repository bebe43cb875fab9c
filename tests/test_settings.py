"""Settings: where they come from, which prevails, and what is refused."""

import re
from pathlib import Path

import pytest

from indexer import InputError
from service.settings import CHECKS, Settings, load_settings


def test_without_file_and_environment_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {})
    assert settings.index == Path("index")
    assert (settings.host, settings.port, settings.top_k) == ("127.0.0.1", 8000, 10)
    assert settings.min_confidence is None
    assert not settings.remote_writes


def test_the_environment_prevails_over_the_file_and_an_option_over_both(tmp_path: Path) -> None:
    (tmp_path / "civicite.toml").write_text('port = 1\ntop_k = 2\nindex = "from-file"\n')
    environment = {"CIVICITE_TOP_K": "3", "CIVICITE_INDEX": "from-environment"}
    settings = load_settings(tmp_path, environment, {"index": Path("chosen"), "port": None})
    assert (settings.port, settings.top_k, settings.index) == (1, 3, Path("chosen"))


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {"CIVICITE_PORT": ""}).port == 8000


def test_an_unknown_key_in_the_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "civicite.toml").write_text("prot = 8000\n")
    with pytest.raises(
        InputError, match=r"civicite\.toml: prot: there is no such setting; use one of index, "
    ):
        load_settings(tmp_path, {})


def test_a_file_that_is_no_toml_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "civicite.toml").write_text("port: 8000\n")
    with pytest.raises(InputError, match=r"civicite\.toml: cannot be read") as caught:
        load_settings(tmp_path, {})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "70000"),
        ("port", "many"),
        ("top_k", "0"),
        ("min_confidence", "1.5"),
        ("min_confidence", "nan"),
        ("runtime", "abacus"),
        ("precision", "f64"),
        ("remote_writes", "perhaps"),
        ("threads", "-1"),
        ("host", " "),
        ("trusted_proxies", "*"),
        ("trusted_proxies", "proxy.example"),
        ("index", " "),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_what_to_give(
    tmp_path: Path, name: str, value: str
) -> None:
    variable = f"CIVICITE_{name.upper()}"
    with pytest.raises(InputError, match=rf"^{variable}: '{re.escape(value)}' does not fit; give "):
        load_settings(tmp_path, {variable: value})


def test_a_file_may_hold_a_false_and_a_number(tmp_path: Path) -> None:
    (tmp_path / "civicite.toml").write_text("remote_writes = true\nmin_confidence = 0\nwait_seconds = 2.5\n")
    settings = load_settings(tmp_path, {"CIVICITE_REMOTE_WRITES": "false"})
    assert (settings.remote_writes, settings.min_confidence, settings.wait_seconds) == (False, 0.0, 2.5)


@pytest.mark.parametrize(("base", "kept"), [("/somewhere/else", True), ("relative", False), ("", False)])
def test_the_cache_lies_below_xdg_cache_home_when_that_is_absolute(
    tmp_path: Path, base: str, kept: bool
) -> None:
    cache = load_settings(tmp_path, {"XDG_CACHE_HOME": base}).cache_dir
    assert cache == (Path(base) if kept else Path.home() / ".cache") / "civicite"


def test_proxies_are_a_list_of_addresses_and_networks(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {}).trusted_proxies == ()
    written = load_settings(tmp_path, {"CIVICITE_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8,::1"})
    assert written.trusted_proxies == ("127.0.0.1", "10.0.0.0/8", "::1")


def test_every_setting_has_a_check_and_every_check_a_setting() -> None:
    assert set(CHECKS) == set(Settings.__slots__)
