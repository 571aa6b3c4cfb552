from __future__ import annotations

import stat
from pathlib import Path

import pytest

from devstack.layout import DataFolder, write_atomically
from kernel.settings import ConfigurationProblem


def folder_at(path: Path) -> DataFolder:
    folder = DataFolder.at(path)
    folder.create()
    return folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_for_the_owner_only_and_stay_the_same(tmp_path: Path) -> None:
    """A secret is made once, is readable by nobody else, and is found again by the next run."""
    folder = folder_at(tmp_path / "data")
    first = folder.secret("encryption")
    assert len(bytes.fromhex(first)) == 32
    assert folder.secret("encryption") == first
    assert folder.secret("blind-index") != first
    assert mode(folder.keys) == 0o700
    assert [mode(path) for path in folder.keys.iterdir()] == [0o600, 0o600]


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    """A folder that somebody uses for something else is neither used nor deleted."""
    (tmp_path / "thesis.tex").write_text("precious")
    folder = DataFolder.at(tmp_path)
    with pytest.raises(ConfigurationProblem, match="holds other files"):
        folder.create()
    with pytest.raises(ConfigurationProblem, match="nothing was deleted"):
        folder.delete()
    assert (tmp_path / "thesis.tex").read_text() == "precious"


def test_our_own_folder_is_deleted_whole(tmp_path: Path) -> None:
    """After `reset` nothing of the stack is left, and a second `reset` is no mistake."""
    folder = folder_at(tmp_path / "data")
    folder.secret("encryption")
    folder.delete()
    folder.delete()
    assert list(tmp_path.iterdir()) == []


def test_two_supervisors_never_share_a_folder(tmp_path: Path) -> None:
    """The second one is told what to do; when the first has ended, it may start."""
    folder = folder_at(tmp_path / "data")
    with folder.exclusively():
        with pytest.raises(ConfigurationProblem, match="a stack already runs"), folder.exclusively():
            pytest.fail("both hold the folder")
    with folder.exclusively():
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A path below a file is refused with a line that names it and the option."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationProblem, match="--data DIR"):
        DataFolder.at(tmp_path / "file" / "data").create()


def test_a_replaced_file_leaves_no_draft(tmp_path: Path) -> None:
    """A file is replaced at one blow, and nothing else stays in its folder."""
    path = tmp_path / "state.json"
    write_atomically(path, "old")
    write_atomically(path, "new")
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("state.json", "new")]
