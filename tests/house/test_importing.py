"""Who imports whom, and when: contracts, late imports, circles; each has been seen to break."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import importing
from tests.house.sources import PACKAGES, ROOT, ours, planted

RULES = [
    importing.late_imports_of_ours,
    importing.late_imports_not_listed,
    importing.late_imports_in_many_places,
    importing.circles,
]
LATE = "def f():\n    "


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_our_modules_import_as_agreed(rule):
    """Every module of the four floors."""
    assert rule(ours()) == []


@pytest.mark.parametrize(
    ("rule", "texts", "sentence"),
    [
        (importing.late_imports_of_ours, {"sim.a": LATE + "from sim.b import c"}, "sim.a:2 imports sim.b.c inside"),
        (importing.late_imports_of_ours, {"sim.a": LATE + "import_module('sim.b')"}, "sim.a:2 imports sim.b inside"),
        (importing.late_imports_not_listed, {"sim.a": LATE + "import yaml"}, "sim.a:2 imports yaml inside"),
        (
            importing.late_imports_in_many_places,
            {"sim.a": LATE + "import pyarrow.parquet", "sim.b": LATE + "import pyarrow"},
            "pyarrow is imported inside functions of sim.a and sim.b",
        ),
        (importing.circles, {"sim.a": "from sim.b import x", "sim.b": "import sim.a"}, "sim.a, sim.b import each other"),
        (importing.circles, {"sim.p": "from sim.p import a", "sim.p.a": "import sim.p"}, "sim.p, sim.p.a import each"),
    ],
)
def test_a_planted_breach_is_named(rule, texts, sentence):
    """A late or circular import is answered with its place."""
    assert any(breach.startswith(sentence) for breach in rule([planted(*item) for item in texts.items()]))


def test_what_extends_numba_is_late() -> None:
    """A module that imports numba on top is imported where numba is: inside a function."""
    taught = planted("sim.taught", "import numba.extending")
    assert importing.late_imports_of_ours([planted("sim.a", LATE + "from sim.taught import b"), taught]) == []


def test_what_is_allowed_passes():
    """Late heavy libraries through one door, imports for types only, imports on top that lead down."""
    above = planted("sim.a", "from sim.b import x\nimport yaml\ndef f():\n    import pyarrow.parquet\n    import pyarrow\n")
    below = planted("sim.b", "if TYPE_CHECKING:\n    from sim.a import T\n")
    assert [breach for rule in RULES for breach in rule([above, below])] == []


STUBS = [
    "agents.agent", "agents.policy", "agents.control_plane", "agents.learning", "agents.autoscaling", "sim.mesh",
    "sim.export", "sim.build", "sim.reference", "sim.fast", "sim.platform", "sim.plane", "sim.telemetry", "sim.trace",
    "sim.laws", "sim.clock", "sim.draws", "parley.runs", "parley.storage", "scenarios.schema",
]  # fmt: skip
BROKEN_IMPORTS = [
    ("scenarios.schema", "import sim.clock"),
    ("sim.mesh", "import agents.agent"),
    ("agents.agent", "import parley.runs"),
    ("sim.reference", "import sim.fast"),
    ("sim.laws", "import sim.telemetry"),
    ("sim.clock", "import sim.draws"),
    ("agents.policy", "import agents.agent"),
    ("sim.platform", "import mesa"),
    ("sim.laws", "import numba"),
    ("scenarios.schema", "import numba"),
    ("parley.runs", "import numba"),
    ("parley.storage", "import parley.runs"),
    ("sim.placeless", "x = 1"),
    ("parley.placeless", "x = 1"),
]


def lint_stub_house(folder: Path, breach: tuple[str, str] | None = None) -> tuple[int, str]:
    """Build a house of stubs under the real contracts, perhaps with one breach; import-linter's exit code and words."""
    for module in [*PACKAGES, *STUBS]:
        file = folder / module.replace(".", "/") / "__init__.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("import numba\n" if module == "sim.fast" else "")
    if breach:
        file = folder / breach[0].replace(".", "/") / "__init__.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(breach[1] + "\n")
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    code = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_the_contracts_hold_in_a_house_of_stubs(tmp_path):
    """A house that keeps every contract passes, so that the breaches below break for their own reason."""
    status, said = lint_stub_house(tmp_path)
    assert (status, "0 broken" in said) == (0, True), said


@pytest.mark.parametrize("breach", BROKEN_IMPORTS, ids=" ".join)
def test_a_contract_breaks_on_a_planted_import(tmp_path, breach):
    """Each contract of pyproject.toml has been seen to fail."""
    status, said = lint_stub_house(tmp_path, breach)
    assert (status, "0 broken" in said, " BROKEN" in said) == (1, False, True), said


HEAVY = {"mesa", "numba", "pandas", "matplotlib", "pyarrow", "scipy", "torch", "gymnasium", "stable_baselines3", "ray"}
HELP = """
import sys
from parley.cli import main
sys.argv = ["parley", "--help"]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print("LOADED", *sorted({name.split(".")[0] for name in sys.modules}))
"""


def loaded_by(code: str) -> set[str]:
    """The top-level modules a fresh interpreter has loaded after running `code`, which prints them after LOADED."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("LOADED")[2].split())


def test_help_loads_nothing_heavy():
    """`parley --help` answers at once because heavy libraries wait until they are needed."""
    assert loaded_by(HELP) & HEAVY == set()


def test_a_heavy_import_would_be_seen():
    """The same look at an interpreter that did load one."""
    code = "import sys, pyarrow\nprint('LOADED', *sorted({name.split('.')[0] for name in sys.modules}))"
    assert "pyarrow" in loaded_by(code) & HEAVY
