"""The documents say what the program does."""

import re
import tomllib
from pathlib import Path

import pytest

from connector.consent.reasons import REASONS
from connector.consent.table import ROWS

ROOT = Path(__file__).parent.parent
DOCS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])


def test_every_row_of_the_table_is_in_the_rules_with_its_reason() -> None:
    text = (ROOT / "docs" / "rules.md").read_text("utf-8")
    for row in ROWS:
        assert f"| {row.number} |" in text
        assert REASONS[row.number].en in text


@pytest.mark.parametrize("page", DOCS, ids=lambda path: path.name)
def test_links_between_the_pages_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if not link.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


@pytest.mark.parametrize("page", DOCS, ids=lambda path: path.name)
def test_no_page_names_a_machine_or_a_package_host(page: Path) -> None:
    text = page.read_text("utf-8")
    assert not re.search(r"/(work|farm|root)/|/tmp/|pypi\.org|files\.pythonhosted", text)


def test_the_lock_names_hashes_and_no_host() -> None:
    text = (ROOT / "requirements.lock").read_text("utf-8")
    assert "--hash=sha256:" in text
    assert not re.search(r"https?://|index-url", text)


def test_every_direct_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = project["dependencies"] + [
        each for extra in project["optional-dependencies"].values() for each in extra
    ]
    names = {re.split(r"[\[<>=]", each)[0].lower().replace("_", "-") for each in wanted}
    locked = set(
        re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    )
    assert names <= locked
