"""The folder of the site: complete or not there, the same each time, and without outside links."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from lxml import html

from robustbert.cli import main
from robustbert.console import printable
from robustbert.leaderboard.site import site_build
from tests.hostile import HOSTILE
from tests.leaderboard.site_results import CLAIM, build, commit, many_results

_IDENTIFIER = re.compile(r"^\S+$")


def pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def parsed(page: Path) -> html.HtmlElement:
    return html.fromstring(page.read_bytes(), parser=html.HTMLParser(encoding="utf-8"))


def texts(tree: html.HtmlElement) -> Iterator[str]:
    """All texts of a page outside of scripts."""
    for element in tree.iter():
        if element.tag not in ("script", "style"):
            yield element.text or ""
        yield element.tail or ""


def test_two_builds_are_the_same(results: Path, site: Path, tmp_path: Path) -> None:
    again = build(results, tmp_path / "site").folder
    files = {p.relative_to(site): p.read_bytes() for p in site.rglob("*") if p.is_file()}
    assert files == {p.relative_to(again): p.read_bytes() for p in again.rglob("*") if p.is_file()}
    assert sum(path.parent.name == "models" for path in files) == 6


def test_every_link_leads_to_a_file_and_place(site: Path, hostile_site: Path) -> None:
    for folder in (site, hostile_site):
        for page in pages(folder):
            tree = parsed(page)
            ids = tree.xpath("//@id")
            assert len(set(ids)) == len(ids)
            assert all(map(_IDENTIFIER.match, ids))
            for link in tree.xpath("//@href | //@src"):
                url = urlsplit(link)
                if url.scheme in ("data", "https"):
                    continue
                assert not url.scheme, link
                if not url.path:
                    assert url.fragment in ids
                else:
                    assert (page.parent / unquote(url.path)).is_file(), link


def test_only_claims_link_to_other_machines(site: Path, hostile_site: Path) -> None:
    links = [
        link
        for folder in (site, hostile_site)
        for page in pages(folder)
        for link in parsed(page).xpath("//a[starts-with(@href, 'http') or contains(@href, ':')]")
    ]
    assert {link.get("href") for link in links} == {CLAIM["url"]}
    assert {link.get("rel") for link in links} == {"noopener nofollow noreferrer"}
    assert {link.text for link in links} == {CLAIM["paper"]}


def test_pages_have_a_policy_and_no_script_of_their_own(hostile_site: Path) -> None:
    for page in pages(hostile_site):
        tree = parsed(page)
        (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        assert "default-src 'none'; script-src 'self' file:; style-src 'self' file:;" in policy
        assert "unsafe-eval" not in policy
        inline = tree.xpath("//script[not(@src)]/@type")
        assert set(inline) <= {"application/json"}
        assert not tree.xpath("//@*[starts-with(name(), 'on')]")


def test_hostile_names_are_shown_literally(hostile_site: Path) -> None:
    everything = "\n".join(text for page in pages(hostile_site) for text in texts(parsed(page)))
    assert all(character.isprintable() or character == "\n" for character in everything)
    index = parsed(hostile_site / "index.html")
    models = index.xpath("//th[contains(@class, 'name')]/a/text()")
    assert set(models) == set(map(printable, HOSTILE.values()))
    assert not index.xpath("//b | //img | //svg | //*[contains(@href, 'javascript')]")
    for text in HOSTILE.values():
        assert printable(text) in everything
        assert f"robustbert bench {printable(text)}" in everything


def test_a_hostile_subject_of_a_commit_is_shown_literally(tmp_path: Path) -> None:
    results = many_results(tmp_path / "results", 1)
    subject = HOSTILE["image"]
    commit(tmp_path, subject)
    (page,) = (build(results, tmp_path / "site").folder / "models").iterdir()
    assert parsed(page).xpath("//th[contains(@class, 'subject')]/text()") == [subject]


def test_a_later_build_replaces_the_whole_site(results: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    build(results, out)
    (out / "models" / "gone-12345678.html").write_text("old")
    build(results, out)
    assert not (out / "models" / "gone-12345678.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_failed_build_keeps_the_site(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "site"
    build(results, out)
    before = (out / "index.html").read_bytes()

    def failing(*_: object) -> Iterator[tuple[Path, bytes]]:
        yield Path("index.html"), b"half"
        raise RuntimeError("full")

    monkeypatch.setattr(site_build, "site_files", failing)
    with pytest.raises(RuntimeError, match="full"):
        build(results, out)
    assert (out / "index.html").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


class TestCommand:
    """``robustbert leaderboard build``."""

    def build(self, results: Path, out: Path, *options: str) -> int:
        arguments = ["--results", str(results), "--out", str(out), *options]
        return main(["leaderboard", "build", *arguments])

    def test_says_what_to_open(
        self, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = tmp_path / "site"
        assert self.build(results, out) == 0
        expected = f"Built the site of 6 models and 35 cells: open {out / 'index.html'}\n"
        assert capsys.readouterr().out == expected

    def test_one_dataset_and_track(self, results: Path, tmp_path: Path) -> None:
        out = tmp_path / "site"
        assert self.build(results, out, "--dataset", "bbc_news", "--track", "unified") == 0
        assert [page.name[:7] for page in (out / "models").iterdir()] == ["strong-"]

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("full", "{out} is not empty, and not a site of robustbert leaderboard build; "),
            ("file", "{out} is a file, not a folder; "),
        ],
    )
    def test_keeps_what_is_no_site(
        self,
        results: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        name: str,
        message: str,
    ) -> None:
        (tmp_path / "full").mkdir()
        for file in (tmp_path / "full" / "mine", tmp_path / "file"):
            file.write_text("mine")
        assert self.build(results, tmp_path / name) == 2
        assert capsys.readouterr().err.startswith(
            "robustbert: " + message.format(out=tmp_path / name)
        )
        assert (tmp_path / "full" / "mine").read_text() == (tmp_path / "file").read_text() == "mine"

    def test_keeps_files_that_were_added_to_a_site(
        self, results: Path, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = tmp_path / "site"
        shutil.copytree(site, out)
        (out / "CNAME").write_text("example.org")
        assert self.build(results, out) == 2
        assert "already contains CNAME" in capsys.readouterr().err

    def test_not_inside_the_results(
        self, results: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.build(results, results / "site") == 2
        assert "is in the results folder; choose another folder" in capsys.readouterr().err
        assert not (results / "site").exists()


def test_without_the_packages_of_the_charts(
    results: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    out = tmp_path / "site"
    assert main(["leaderboard", "build", "--results", str(results), "--out", str(out)]) == 2
    assert capsys.readouterr().err == (
        "robustbert: the charts of the site need altair; pip install 'robustbert[site]'\n"
    )
    assert not out.exists()
