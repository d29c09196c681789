"""Where descriptions come from: files, names, other files, the command line, Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scenarios.errors import ScenarioError
from scenarios.load import load, loads
from scenarios.schema.changing import split
from scenarios.schema.placed import written
from scenarios.schema.resilience import Route
from scenarios.schema.retrying import Retries
from scenarios.schema.scenario import Scenario
from tests.scenarios.shop import SHOP


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(SHOP)
    return tmp_path


def refused(*args: Any, **options: Any) -> str:
    with pytest.raises(ScenarioError) as caught:
        load(*args, **options)
    return str(caught.value)


# --- files and names ---


def test_a_file_is_found_from_any_folder_and_named_as_it_was_asked_for(shop: Path) -> None:
    """Paths are relative to the working folder; messages repeat them."""
    assert load("shop.yaml", folder=shop) == load(shop / "shop.yaml") == loads(SHOP)
    (shop / "bad.yaml").write_text("versoin: 1\n")
    assert refused("bad.yaml", folder=shop).startswith("bad.yaml:1:1: ")


def test_a_shipped_scenario_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With or without the suffix; a file of that name in the working folder comes first."""
    ships, here = tmp_path / "ships", tmp_path / "here"
    ships.mkdir()
    here.mkdir()
    (ships / "flash_crowd.yaml").write_text(SHOP.replace("name: shop", "name: shipped"))
    monkeypatch.setattr("scenarios.source_files.SHIPPED", ships)
    assert load("flash_crowd", folder=here).name == load("flash_crowd.yaml", folder=here).name == "shipped"
    assert refused("flash-crwd", folder=here).endswith("nor a shipped scenario of that name; did you mean 'flash_crowd'?")
    (here / "flash_crowd.yaml").write_text(SHOP)
    assert load("flash_crowd.yaml", folder=here).name == "shop"


@pytest.mark.parametrize(
    ("name", "piece"),
    [
        ("shp.yaml", "shp.yaml: there is no such file, nor a shipped scenario of that name; did you mean 'shop.yaml'?"),
        ("../shop.yaml/x", "there is no such file"),
        ("folder", "folder: is a folder, not a file"),
        ("pipe", "pipe: is not a regular file"),
        ("", "'' is neither a file nor the name of a shipped scenario"),
        ("a\0b", "is neither a file nor"),
        ("n" * 300, "there is no such file"),
        ("/dev/zero", "/dev/zero: is not a regular file"),
    ],
)
def test_what_is_no_file_is_said(shop: Path, name: str, piece: str) -> None:
    """A misspelt name, a folder, a pipe, nothing: none of them hangs or crashes."""
    (shop / "folder").mkdir()
    os.mkfifo(shop / "pipe")
    assert piece in refused(name, folder=shop)


def test_relative_paths_in_a_file_are_relative_to_it_and_on_the_command_line_to_the_working_folder(tmp_path: Path) -> None:
    """Both end absolute, so that a dump loads anywhere."""
    for folder in ("world", "work"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "counts.csv").write_text("t,n\n0,1\n")
    text = SHOP.replace("{users: {count: 5, think: 1s}}", "{poisson: {rate_file: counts.csv}}")
    (tmp_path / "world" / "w.yaml").write_text(text)
    change = "workload.shoppers.arrivals.poisson.rate_file.path=counts.csv"
    world = load("../world/w.yaml", [change], folder=tmp_path / "work")
    paths = [world.workload[name].arrivals.chosen.rate_file.path for name in ("staff", "shoppers")]
    assert [Path(path).resolve().parent.name for path in paths] == ["world", "work"]
    assert all(Path(path).is_absolute() for path in paths)


def test_importing_the_loader_brings_no_heavy_company() -> None:
    """NumPy, networkx and pandas stay out until something needs them."""
    code = "import sys, scenarios.load; print([m for m in ('numpy', 'networkx', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- extends ---


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)


def test_extended_files_merge_in_order_and_the_file_itself_lies_on_top(shop: Path) -> None:
    """Mappings merge to any depth; lists and single values are replaced."""
    write(shop, bigger="services: {front: {replicas: 9, workers: 9}, cart: {replicas: 3}}\n",
          top="extends: [shop.yaml, bigger.yaml]\nname: top\nservices: {front: {workers: 7}}\nexpect: []\n")  # fmt: skip
    world = load("top.yaml", folder=shop)
    front = world.services["front"]
    assert (world.name, front.replicas, front.workers, world.services["cart"].replicas) == ("top", 9, 7, 3)
    assert world.expect == ()
    assert front.endpoints == loads(SHOP).services["front"].endpoints


def test_the_later_choice_of_a_one_of_replaces_the_earlier(shop: Path) -> None:
    """Whether the earlier was spelled out or short."""
    write(shop, top="extends: shop.yaml\nworkload: {shoppers: {arrivals: {constant: 3/s}}}\n"
                    "routes: {defaults: {lb_policy: {random: {}}}}\nnetwork: {same_zone: {exponential: 1ms}}\n",
          over="extends: top.yaml\nnetwork: {same_zone: 2ms}\n")  # fmt: skip
    world = load("over.yaml", folder=shop)
    assert world.workload["shoppers"].arrivals.kind == "constant"
    assert world.routes["defaults"].lb_policy is not None
    assert world.routes["defaults"].lb_policy.kind == "random"
    assert world.network.same_zone.constant == 2_000_000


def test_null_takes_a_name_out(shop: Path) -> None:
    """A profile without the fault: `faults: {slow_stock: null}`."""
    write(shop, calm="extends: shop.yaml\nfaults: {slow_stock: null}\n")
    assert load("calm.yaml", folder=shop).faults == {}


def test_a_mistake_in_an_extended_file_is_placed_there(shop: Path) -> None:
    """And one in the file on top, there."""
    write(shop, bad="services: {front: {replicas: -1}}\n", top="extends: [shop.yaml, bad.yaml]\nduration: 3\n")
    lines = refused(shop / "top.yaml").splitlines()
    assert any("bad.yaml:1:20: services.front.replicas = -1" in line for line in lines)
    assert any("top.yaml:2:1: duration = 3" in line for line in lines)


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("extends: [a.yaml]", "a.yaml:1:11: extends goes in a circle: a.yaml -> a.yaml"),
        ("extends: b.yaml", "b.yaml:1:1: extends goes in a circle: a.yaml -> b.yaml -> a.yaml"),
        ("extends: [shp.yaml]", "a.yaml:1:11: extends 'shp.yaml', which is not there; did you mean 'shop.yaml'?"),
        ("extends: {a: 1}", "a.yaml:1:1: extends must be a list of files"),
        ("extends: [1]", "a.yaml:1:1: extends must be a list of files"),
        ("extends: .", "is a folder, not a file"),
        ("extends: deep0.yaml", "extends goes more than 16 files deep"),
        ("extends: [" + "shop.yaml, " * 70 + "]", "more than 64 files are read"),
    ],
)
def test_extends_ends(shop: Path, text: str, piece: str) -> None:
    """Circles, chains without end and files that are not there are refused at the line that names them."""
    chain = {f"deep{i}": f"extends: deep{i + 1}.yaml\n" for i in range(20)}
    write(shop, a=text + "\n", b="extends: a.yaml\n", **chain)
    assert piece in refused("a.yaml", folder=shop)


# --- --set ---

SET: list[tuple[str, str, Any]] = [
    ("services.cart.replicas", "5", 5),
    ("services.cart.resources.limits.cpu", "1500m", 1500),
    ("services.cart.queue", "{size: 3}", {"size": 3}),
    ("services.front.endpoints.home.0.work", "5ms", {"constant": "5ms"}),
    ("services.front.endpoints.home.2.branch.0.probability", "50%", 0.5),
    ("services.front.endpoints.home.1.parallel.0.repeat", "2", 2),
    ("services.stock.endpoints.reserve.0.work.mixture.1.of.exponential", "3ms", 3_000_000),
    ("routes.front -> stock.timeout", "2s", 2 * 10**9),
    ("routes.front -> stock.look_up.timeout", "2s", 2 * 10**9),
    ("routes.'front.home -> stock.look_up'.retries.num_retries", "4", 4),
    ("routes.front.home -> stock.look_up.retries.num_retries", "4", 4),
    ("routes.* -> cart", "{timeout: 3s}", {"timeout": "3s"}),
    ("routes.defaults.lb_policy.least_request.choice_count", "3", 3),
    ("workload.staff.mix.stock.look_up", "7", 7.0),
    ("workload.staff.arrivals.users.session.requests", "7", 7),
    ("agents.cart.scaling", "fixed", {"fixed": {}}),
    ("agents.front.scaling.hpa.behavior.scaleUp.policies", "[{type: Pods, value: 4, periodSeconds: 15}]", None),
    ("faults.slow_stock.for", "1s", 10**9),
    ("telemetry.scrape_interval", "5s", 5 * 10**9),
    ("expect.0.from", "5s", 5 * 10**9),
    ("network", "{same_zone: 1ms}", None),
]


def at(world: Scenario, path: str) -> Any:
    """What a scenario holds at a path, found by the schema's own names."""
    value: Any = world
    for key in split(path.replace("front -> stock.look_up", "'front -> stock.look_up'").replace(
            "mix.stock.look_up", "mix.'stock.look_up'").replace("s.front.home -> stock.look_up", "s.'front.home -> stock.look_up'")) or []:
        value = value[0] if isinstance(value, tuple) and not key.isdecimal() else value
        value = value[int(key)] if isinstance(value, tuple) else value[key] if isinstance(value, dict) else getattr(
            value, {"for": "duration", "from": "start"}.get(key, key))  # fmt: skip
    return value


@pytest.mark.parametrize(("path", "text", "expected"), SET)
def test_a_value_can_be_set_at_any_path(path: str, text: str, expected: Any) -> None:
    """Through mappings, lists, routes whose names hold dots, and short forms."""
    world = loads(SHOP, [f"{path}={text}"])
    found = at(world, path)
    if isinstance(expected, dict):
        found = found.model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert expected in (None, found)
    assert world != loads(SHOP) or path == "agents.cart.scaling"


def test_setting_one_alternative_replaces_the_other() -> None:
    """`exponential` over `constant`, a flash crowd over a bare rate, a list of changes one after the other."""
    changes = ["workload.staff.arrivals.poisson=3/s",
               "workload.staff.arrivals.poisson.step={base: 1/s, to: 2/s, at: 1s}",
               "services.cart.endpoints.get.0.work.exponential=2ms"]  # fmt: skip
    world = loads(SHOP, changes)
    assert world.workload["staff"].arrivals.poisson is not None
    assert world.workload["staff"].arrivals.poisson.kind == "step"
    work = world.services["cart"].endpoints["get"][0]
    assert work.model_dump(mode="json", exclude_unset=True) == {"work": {"exponential": "2ms"}}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("services.crat.replicas=5", "services has no 'crat'; did you mean 'cart'?"),
        ("services.cart.replica=5", "services.cart has no 'replica'; did you mean 'replicas'?"),
        ("servces.cart.replicas=5", "a scenario has no 'servces'; did you mean 'services'?"),
        ("services.cart.replicas.x=5", "services.cart.replicas has no 'x'; it is a single value"),
        ("services.cart.endpoints.get.3.work=5ms", "services.cart.endpoints.get has no item '3'; it has 1, counted from 0"),
        ("services.cart.endpoints.get.0.wait=5ms", "services.cart.endpoints.get.0 has no 'wait'; it has work"),
        ("services.cart.replicas=-5", "services.cart.replicas = -5 must be at least 0"),
        ("services.cart.replicas=[", "not YAML: while parsing a flow node did not find expected node content"),
        ("services.cart.replicas=!!int 5", "tag 'tag:yaml.org,2002:int' is refused; a scenario is plain data"),
        ("services.cart", "write path=value, as services.cart.replicas=5"),
        ("=5", "'' is not a path; write it like services.cart.replicas"),
        ("routes.'front -> stock.timeout=5s", "\"routes.'front -> stock.timeout\" is not a path; write it like"),
        ("a..b=5", "'a..b' is not a path"),
        ("faults.none=null", "faults has no 'none'; it has slow_stock"),
        ("faults.x.at=3s", "faults has no 'x'; it has slow_stock"),
        ("routes.front -> stok.timeout=2s", "routes.front -> stok: fits no call of this world; did you mean 'front -> stock'?"),
        ("agents.crt.scaling=fixed", "agents.crt: is not a service of this world; did you mean 'cart'?"),
        ("name=" + "x" * 200, "x...: name = 'xxx"),
    ],
)
def test_a_wrong_change_is_answered_with_the_change(change: str, told: str) -> None:
    """The place is what was typed; the nearest right name follows."""
    with pytest.raises(ScenarioError) as caught:
        loads(SHOP, [change])
    assert str(caught.value).startswith(f"--set {change[:100]}")
    assert told in str(caught.value)


def test_null_removes_a_name() -> None:
    """A fault fewer, from the command line."""
    assert loads(SHOP, ["faults.slow_stock=null"]).faults == {}


@pytest.mark.parametrize("path", [("services", "cart", "replicas"), ("routes", "a.x -> b.y", "timeout"), ("expect", "0", "from")])
def test_a_path_as_messages_write_it_is_a_path_to_set(path: tuple[str, ...]) -> None:
    """What an error shows can be copied to the command line."""
    assert split(written(path)) == list(path)


# --- Python ---


def test_with_gives_a_changed_copy_and_leaves_the_original() -> None:
    """Values as in a file, or parts built in Python; several at once."""
    world = loads(SHOP)
    changed = world.with_(**{"services.cart.replicas": 5, "routes.front -> cart": Route(retries=Retries(num_retries=3)),
                             "faults.slow_stock": None, "duration": "30s"})  # fmt: skip
    assert (changed.services["cart"].replicas, world.services["cart"].replicas) == (5, 1)
    assert changed.routes["front -> cart"].model_fields_set == {"retries"}
    assert changed.faults == {}
    assert changed.duration == 30 * 10**9


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [("services.crat.replicas", 5, "with_: services has no 'crat'; did you mean 'cart'?"),
     ("services.cart.replicas", -5, "with_: services.cart.replicas = -5 must be at least 0"),
     ("warmup", "1h", "with_: warmup = '1h' must be shorter than the duration of 20s; nothing would be measured")],
)  # fmt: skip
def test_with_refuses_as_the_loader_does(path: str, value: Any, told: str) -> None:
    """Unknown paths, bad values and rules between parts alike."""
    with pytest.raises(ScenarioError) as caught:
        loads(SHOP).with_(**{path: value})
    assert str(caught.value) == told


def test_a_scenario_cannot_be_changed_in_place() -> None:
    """Frozen, as everything below it."""
    with pytest.raises(ValueError, match="frozen"):
        loads(SHOP).__setattr__("name", "other")
