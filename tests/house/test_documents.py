"""A page that is not run is a rumour: transcripts are replayed, Python blocks executed, shell blocks kept short."""

from __future__ import annotations

import difflib

import pytest

from tests.house import documents
from tests.house.sources import PACKAGES, ROOT

PAGES = sorted(
    [ROOT / "README.md"] + [page for folder in (*PACKAGES, "results", "notebooks") for page in (ROOT / folder).glob("*.md")]
)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """The engine has been compiled once before, as on any machine but on the first day; the line that says so is then gone."""
    documents.run("parley run hello_mesh --until 1s", tmp_path_factory.mktemp("compiled"))


def replay(markdown: str, folder) -> list[str]:
    """Run the transcripts of a document; a difference for every command that prints something else."""
    found = []
    for block in documents.blocks(markdown, {"console"}):
        for step in documents.steps(block):
            printed = documents.run(step.command, folder)
            if not documents.matches(step.expected, printed):
                lines = difflib.unified_diff(step.expected.splitlines(), printed.splitlines(), "document", "printed", lineterm="")
                found.append(f"$ {step.command}\n" + "\n".join(lines))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_does_what_it_says(page, tmp_path, compiled):
    """Every transcript prints what the page shows, then every Python block runs."""
    text = page.read_text(encoding="utf-8")
    differences = replay(text, tmp_path)
    assert not differences, "\n\n".join(differences)
    documents.run_python(text, tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_is_not_run_is_short(page):
    """Shell blocks hold only what a test cannot run."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert documents.shell_breaches(page.read_text(encoding="utf-8"), makefile) == []


def test_the_first_page_shows_the_demo():
    """README runs the flash crowd, prints its digest, and names `make demo`."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = [s for block in documents.blocks(text, {"console"}) for s in documents.steps(block)]
    assert any("parley run flash_crowd" in step.command and "digest" in step.expected for step in shown)
    assert "make demo" in text


def test_a_transcript_is_replayed_in_one_folder(tmp_path):
    """Later commands see what earlier ones left; long commands go on; errors are printed too."""
    page = "```console\n$ echo one > a\n$ cat a \\\n> a\none\none\n```\ntext\n```console\n$ cat a; cat b\none\n…No such…\n```\n"
    assert replay(page, tmp_path) == []


def test_a_changed_character_is_seen(tmp_path):
    """The difference is shown with its command."""
    (difference,) = replay("```console\n$ echo p99 184 ms\np99 185 ms\n```\n", tmp_path)
    assert difference.startswith("$ echo p99 184 ms")
    assert "-p99 185 ms\n+p99 184 ms" in difference


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("took … s", "took 1.2 s\n", True),
        ("took … s", "took 1.2 s, or\n3 s\n", False),
        ("a\n…\nz", "a\nb\nc\nz\n", True),
        ("a\n…\nz", "a\nz\n", True),
        ("a\n…", "b\n", False),
        ("a  \nb", "a\nb  \n\n", True),
        ("a.c", "abc\n", False),
        ("a", "a\nb\n", False),
        ("", "a\n", False),
        ("", "", True),
    ],
)
def test_ellipsis_stands_for_what_may_change(expected, printed, same):
    """Inside a line for part of it, alone for whole lines, and for nothing else."""
    assert documents.matches(expected, printed) is same


def test_python_that_raises_is_seen(tmp_path):
    """Blocks of one page share their names; an error is an error."""
    documents.run_python("```python\nx = 1\n```\n```python\nassert x == 1\n```\n", tmp_path)
    with pytest.raises(Exception, match="non-zero exit status"):
        documents.run_python("```python\nassert False\n```\n", tmp_path)


def test_a_shell_block_that_could_be_run_is_named():
    """A parley command hides in no shell block, and make is given targets there are."""
    page = "```sh\ngit clone URL parley\ncd parley\nmake demo  # once\nmake tea\nparley run mm8\n```\n"
    named = documents.shell_breaches(page, "demo: env\n\techo\n")
    assert [breach.split("'")[1] for breach in named] == ["make tea", "parley run mm8"]


def test_a_console_block_without_a_command_is_refused():
    """It would never be run."""
    with pytest.raises(ValueError, match="begins with a command"):
        list(documents.steps("p99 184 ms\n"))
