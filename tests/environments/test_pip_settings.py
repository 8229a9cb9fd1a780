from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlipguide.environments.pip_settings import (
    config_paths,
    merge_settings,
    parse_config_list,
    read_config_files,
    translate_settings,
)

HERE = Path("/somewhere/here")


@pytest.mark.parametrize(
    ("pip", "expected"),
    [
        ({"index-url": "https://a.example/simple"}, {"UV_DEFAULT_INDEX": "https://a.example/simple"}),
        ({"extra-index-url": "https://a.example\nfile:///b"}, {"UV_INDEX": "https://a.example file:///b"}),
        ({"trusted-host": "a.example  b.example:8080"}, {"UV_INSECURE_HOST": "a.example b.example:8080"}),
        ({"timeout": "15.2"}, {"UV_HTTP_TIMEOUT": "16"}),
        ({"timeout": "soon"}, {}),
        ({"cert": "certs/own.pem"}, {"SSL_CERT_FILE": "/somewhere/here/certs/own.pem"}),
        ({"client-cert": "/c.pem"}, {"SSL_CLIENT_CERT": "/c.pem"}),
        ({"only-binary": ":all:"}, {"UV_NO_BUILD": "1"}),
        ({"proxy": "http://p:3128"}, {"HTTP_PROXY": "http://p:3128", "HTTPS_PROXY": "http://p:3128"}),
        ({"find-links": "https://a.example/x,y /not/there"}, {"UV_FIND_LINKS": "https://a.example/x%2Cy"}),
    ],
)
def test_each_option_in_the_words_of_uv(pip: dict[str, str], expected: dict[str, str]) -> None:
    settings = translate_settings({}, pip, folder=HERE)
    assert settings.environment == {**expected, "UV_INDEX_STRATEGY": "unsafe-best-match"}
    assert settings.arguments == ()


def test_local_find_links_become_urls_that_a_comma_cannot_split(tmp_path: Path) -> None:
    for name in ("plain", "a,b"):
        (tmp_path / name).mkdir()
    settings = translate_settings({}, {"find-links": f"plain {tmp_path}/a,b"}, folder=tmp_path)
    first, second = settings.environment["UV_FIND_LINKS"].split(",")
    assert first == f"{tmp_path.as_uri()}/plain"
    assert second == f"{tmp_path.as_uri()}/a%2Cb"


@pytest.mark.parametrize(("value", "expected"), [("1", ("--no-index",)), ("True", ("--no-index",)), ("0", ())])
def test_no_index_is_an_argument(value: str, expected: tuple[str, ...]) -> None:
    assert translate_settings({}, {"no-index": value}, folder=HERE).arguments == expected


def test_constraints_are_arguments_with_absolute_paths() -> None:
    pip = {"constraint": "/etc/c.txt own.txt https://a.example/c.txt"}
    assert translate_settings({}, pip, folder=HERE).arguments == (
        *("--constraints", "/etc/c.txt"),
        *("--constraints", "/somewhere/here/own.txt"),
        *("--constraints", "https://a.example/c.txt"),
    )


@pytest.mark.parametrize(
    ("base", "pip"),
    [
        ({"UV_DEFAULT_INDEX": "u"}, {"index-url": "p"}),
        ({"UV_INDEX_URL": "u"}, {"index-url": "p", "no-index": "1"}),
        ({"UV_EXTRA_INDEX_URL": "u"}, {"extra-index-url": "p"}),
        ({"UV_FIND_LINKS": "u"}, {"find-links": "https://p"}),
        ({"UV_CONSTRAINT": "u"}, {"constraint": "p"}),
        ({"SSL_CERT_FILE": "u"}, {"cert": "/p"}),
        ({"https_proxy": "u"}, {"proxy": "p"}),
        ({"UV_INDEX_STRATEGY": "first-index"}, {}),
    ],
)
def test_what_the_user_set_for_uv_wins(base: dict[str, str], pip: dict[str, str]) -> None:
    settings = translate_settings(base, pip, folder=HERE)
    assert settings.environment == {"UV_INDEX_STRATEGY": "unsafe-best-match", **base}
    assert settings.arguments == ()


def test_order_of_pips_settings() -> None:
    config = {"install.timeout": "2", "global.timeout": "1", "global.cert": "file", "list.timeout": "9"}
    base = {"PIP_CERT": "", "PIP_INDEX_URL": "own", "PIP_DEFAULT_TIMEOUT": "", "HOME": "h"}
    assert merge_settings(config, base) == {"timeout": "2", "cert": "file", "index-url": "own"}
    assert merge_settings(config, {"PIP_DEFAULT_TIMEOUT": "3"})["timeout"] == "3"


def test_config_list_of_pip_is_read() -> None:
    text = ":env:.cert='e'\nglobal.extra-index-url='a\\nb'\ninstall.no-index='true'\nWARNING: odd=line\n"
    assert parse_config_list(text) == {"global.extra-index-url": "a\nb", "install.no-index": "true"}


def test_places_of_the_files(tmp_path: Path) -> None:
    base = {"HOME": "/h", "XDG_CONFIG_DIRS": "/x:/y"}
    places = [str(path) for path in config_paths(base, prefix=Path("/env"), macos=False)]
    assert places == [
        "/x/pip/pip.conf",
        "/y/pip/pip.conf",
        "/etc/pip.conf",
        "/h/.pip/pip.conf",
        "/h/.config/pip/pip.conf",
        "/env/pip.conf",
    ]
    assert config_paths({**base, "PIP_CONFIG_FILE": os.devnull}, prefix=Path("/env"), macos=False) == []
    own = tmp_path / "own.conf"
    own.touch()
    chosen = config_paths({**base, "PIP_CONFIG_FILE": str(own)}, prefix=Path("/env"), macos=False)
    assert [str(path) for path in chosen[-2:]] == ["/env/pip.conf", str(own)]
    assert not any(str(path).startswith("/h/") for path in chosen)
    mac = [str(path) for path in config_paths({"HOME": "/h"}, prefix=Path("/env"), macos=True)]
    assert mac[0] == "/Library/Application Support/pip/pip.conf"


def test_later_files_replace_values_and_bad_files_say_nothing(tmp_path: Path) -> None:
    texts = ["[global]\ntimeout = 1\nfind_links = /a\n /b\n", "[global]\ntimeout = 2\n", "no section\n"]
    paths = [tmp_path / f"{number}.conf" for number in range(4)]
    for path, text in zip(paths, texts, strict=False):
        path.write_text(text, encoding="utf-8")
    assert read_config_files(paths) == {"global.timeout": "2", "global.find-links": "/a\n/b"}
