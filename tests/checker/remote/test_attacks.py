"""No wrong net makes itself right, and none leaves anything behind (see tests/attacks.py)."""

import sys

import pytest
from attacks import ATTACKS, attack
from sampling import few

from trainer.checker.remote.bubblewrap import explain_absence

SHORT = ("forged-ok", "forged-answers", "patch-numpy", "equal-array", "frames", "import-by-path",
         "numpy-beside", "survivor", "read-secret", "kills-parent", "locked-folder",
         "huge-result", "hidden-parts", "operations-by-path", "patch-traits", "huge-traits",
         "lazy-cache", "hang-and-remember")  # fmt: skip
OPEN = ("write-outside", "network")  # what only bubblewrap prevents
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="the attacks are written for POSIX")
WRAPPED = pytest.mark.skipif(bool(explain_absence()), reason=explain_absence() or "none")


@POSIX
@pytest.mark.parametrize("name", few(SHORT, 5))
def test_a_wrong_net_is_never_right(name):
    result = attack(name, is_wrapped=False)
    assert result.is_held, (result, result.text)


@WRAPPED
@pytest.mark.parametrize("name", [*OPEN, "survivor", "forged-ok"])
def test_bubblewrap_keeps_files_network_and_processes(name):
    result = attack(name, is_wrapped=True)
    assert result.is_held, (result, result.text)


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in ATTACKS if not ATTACKS[n].needs_cell])
def test_no_attack_makes_a_net_right_without_bubblewrap(name):
    result = attack(name, is_wrapped=False)
    assert result.status != 0
    assert result.is_held or name in OPEN, (result, result.text)


@WRAPPED
@pytest.mark.slow
@pytest.mark.parametrize("name", list(ATTACKS))
def test_every_attack_is_held_with_bubblewrap(name):
    result = attack(name, is_wrapped=True)
    assert result.is_held, (result, result.text)
