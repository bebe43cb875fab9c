"""Settings: where they come from, which prevails, and what is refused."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer import InputError
from service.settings import PREFIX, as_variables, load_settings, settings_with_origins

Given = Callable[..., None]


@pytest.fixture(autouse=True)
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Given:
    """Set variables in an environment that has none, beside an empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    for variable in [one for one in os.environ if one.startswith(PREFIX)]:
        monkeypatch.delenv(variable)

    def given(**variables: str) -> None:
        for variable, value in variables.items():
            monkeypatch.setenv(variable, value)

    return given


def test_without_file_and_environment_the_defaults_hold() -> None:
    settings = load_settings()
    assert settings.index == Path("index")
    assert (settings.host, settings.port, settings.top_k) == ("127.0.0.1", 8000, 10)
    assert settings.min_confidence is None
    assert not settings.remote_writes
    assert settings_with_origins()[1] == {}


def test_a_file_that_may_not_be_read_is_said_to_want_permissions_and_not_another_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: object, **how: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "civicite.toml")

    (tmp_path / "civicite.toml").write_text("port = 1\n")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError) as caught:
        load_settings()
    assert str(caught.value) == (
        "civicite.toml: cannot be read (Permission denied); check the file and its permissions"
    )


def test_the_environment_prevails_over_the_file_and_an_option_over_both(tmp_path: Path, given: Given) -> None:
    (tmp_path / "civicite.toml").write_text('port = 1\ntop_k = 2\nindex = "from-file"\n')
    given(CIVICITE_TOP_K="3", CIVICITE_INDEX="from-environment")
    settings, origins = settings_with_origins(index=Path("chosen"), port=None)
    assert (settings.port, settings.top_k, settings.index) == (1, 3, Path("chosen"))
    assert origins == {"port": "civicite.toml", "top_k": "CIVICITE_TOP_K", "index": "--index"}


def test_an_empty_variable_counts_as_not_set(given: Given) -> None:
    given(CIVICITE_PORT="", CIVICITE_PROT="")
    assert load_settings().port == 8000


def test_an_unknown_variable_is_refused_by_name(given: Given) -> None:
    given(CIVICITE_PROT="8000")
    with pytest.raises(InputError, match=r"^CIVICITE_PROT: there is no such setting; unset it, or use one"):
        load_settings()


def test_an_unknown_key_in_the_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "civicite.toml").write_text("prot = 8000\n")
    with pytest.raises(
        InputError, match=r"civicite\.toml: prot: there is no such setting; use one of index, "
    ):
        load_settings()


def test_a_file_that_is_no_toml_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "civicite.toml").write_text("port: 8000\n")
    with pytest.raises(InputError, match=r"civicite\.toml: cannot be read") as caught:
        load_settings()
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
        ("trusted_proxies", "*"),
        ("trusted_proxies", "proxy.example"),
        ("index", " "),
        ("cache_dir", " "),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_to_give(
    tmp_path: Path, given: Given, name: str, value: str
) -> None:
    (tmp_path / "civicite.toml").write_text(f"{name} = {value!r}\n")
    with pytest.raises(InputError, match=rf"^civicite\.toml: {name}: .*'? does not fit; [a-z]"):
        load_settings()
    (tmp_path / "civicite.toml").unlink()
    given(**{f"CIVICITE_{name.upper()}": value})
    with pytest.raises(InputError, match=rf"^CIVICITE_{name.upper()}: .*'? does not fit; [a-z]") as caught:
        load_settings()
    assert "\n" not in str(caught.value)


def test_an_option_that_does_not_fit_is_refused_by_its_name() -> None:
    with pytest.raises(InputError, match=r"^--top-k: 0 does not fit; input should be greater than or equal"):
        load_settings(top_k=0)


@pytest.mark.parametrize(
    "written", ['index = ""', "index = true", "workers = true", "min_confidence = false"]
)
def test_nothing_and_a_truth_value_are_no_folder_and_no_number(tmp_path: Path, written: str) -> None:
    (tmp_path / "civicite.toml").write_text(written)
    with pytest.raises(InputError, match=rf"^civicite\.toml: {written.split()[0]}: .* does not fit; give "):
        load_settings()


def test_an_unknown_option_is_refused_by_its_name() -> None:
    with pytest.raises(InputError, match=r"^--prot: there is no such setting; use one of index"):
        load_settings(prot=8000)


def test_a_file_may_hold_a_false_and_a_number(tmp_path: Path, given: Given) -> None:
    (tmp_path / "civicite.toml").write_text("remote_writes = true\nmin_confidence = 0\nwait_seconds = 2.5\n")
    given(CIVICITE_REMOTE_WRITES="false")
    settings = load_settings()
    assert (settings.remote_writes, settings.min_confidence, settings.wait_seconds) == (False, 0.0, 2.5)


@pytest.mark.parametrize(("base", "kept"), [("/somewhere/else", True), ("relative", False), ("", False)])
def test_the_cache_lies_below_xdg_cache_home_when_that_is_absolute(
    given: Given, base: str, kept: bool
) -> None:
    given(XDG_CACHE_HOME=base)
    assert load_settings().cache_dir == (Path(base) if kept else Path.home() / ".cache") / "civicite"


def test_proxies_are_a_list_of_addresses_and_networks(tmp_path: Path, given: Given) -> None:
    assert load_settings().trusted_proxies == ()
    (tmp_path / "civicite.toml").write_text('trusted_proxies = ["127.0.0.1"]\n')
    assert load_settings().trusted_proxies == ("127.0.0.1",)
    given(CIVICITE_TRUSTED_PROXIES="127.0.0.1, 10.0.0.0/8,::1")
    assert load_settings().trusted_proxies == ("127.0.0.1", "10.0.0.0/8", "::1")


def test_names_of_computers_are_told_apart_without_their_capitals() -> None:
    settings = load_settings(allowed_hosts=["Ask.Example.org"], cors_origins=["https://Example.org"])
    assert settings.allowed_hosts == ("ask.example.org",)
    assert settings.cors_origins == ("https://example.org",)


def test_an_origin_is_taken_with_and_without_a_slash_at_its_end() -> None:
    settings = load_settings(cors_origins=["https://city.example/", "http://localhost:3000"])
    assert settings.cors_origins == ("https://city.example", "http://localhost:3000")


@pytest.mark.parametrize("origin", ["*", "https://*.example", "city.example", "https://city.example/page"])
def test_what_is_no_origin_of_a_page_is_refused(origin: str) -> None:
    with pytest.raises(InputError, match="give the origins of pages"):
        load_settings(cors_origins=[origin])


def test_settings_come_back_from_the_variables_that_say_the_same(given: Given) -> None:
    settings = load_settings(
        index="elsewhere", port=1, pin=True, min_confidence=0.25, allowed_hosts=["a.example", "b.example"]
    )
    given(**as_variables(settings))
    assert load_settings() == settings
