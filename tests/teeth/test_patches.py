"""Every bug on purpose still applies to the code as it is: one that does not proves nothing any more."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.teeth.run import ROOT, files_of, patches


@pytest.mark.parametrize("patch", patches(), ids=lambda path: path.stem)
def test_a_patch_applies(patch: Path) -> None:
    assert files_of(patch)
    checked = subprocess.run(
        ["git", "apply", "--check", "--unsafe-paths", str(patch)],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "GIT_DIR": "/nowhere"},
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr


def test_there_are_enough() -> None:
    assert len(patches()) >= 25
