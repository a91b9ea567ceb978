"""A name is not the thing: what a loss, network or data set stands for is told by its code
and what that refers to.
"""

import functools
import math
import sys
import textwrap
import types

import numpy as np
import pytest
import torch
from conftest import run_spec, smoke
from torch import nn

from memutils import data, losses, models
from memutils.errors import UserError
from memutils.runs import entries, records


def gce(q):
    class GCE(losses.Loss):
        def per_example(self, log_p, target):
            return (1 - (q * losses.pick(log_p, target)).exp()) / q

    return GCE


class Focal(nn.Module):
    """A loss with state."""

    def __init__(self, gamma: float = 2.0, weight: float = 1.0):
        super().__init__()
        self.gamma = gamma
        self.register_buffer("weight", torch.full((10,), weight))

    def forward(self, logits, target):
        return (
            nn.functional.cross_entropy(logits, target, self.weight, reduction="none") ** self.gamma
        ).mean()


class Half(losses.CCE):
    factor = 0.5


class Third(losses.CCE):
    factor = 1 / 3


def module_of(tmp_path, source: str):
    """A fresh module with this source; compiled here, since Python keeps what it has compiled of a
    file, and cannot tell two texts of one length that were written in the same second.
    """
    path = tmp_path / "mine.py"
    path.write_text(textwrap.dedent(source))
    module = types.ModuleType("mine")
    exec(compile(path.read_text(), path, "exec"), vars(module))
    return module


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (gce(0.7), gce(0.01)),
        (lambda: losses.CCE(), lambda: losses.MAE()),
        (lambda s, k: nn.Linear(math.prod(s), k), lambda s, k: models.MLP(s, k, 32)),
        (lambda s, k: models.MLP(s, k, 64), lambda s, k: models.MLP(s, k, 32)),
        (lambda: gce(0.7)(), lambda: gce(0.5)()),
        (functools.partial(losses.RLL, alpha=0.1), functools.partial(losses.RLL, alpha=0.2)),
        (Focal(), Focal(gamma=3)),
        (Focal(), Focal(weight=2)),
        (Half, Third),
        (losses.CCE, losses.MAE),
        (Focal(2.0).forward, Focal(3.0).forward),
        (functools.lru_cache(gce(0.7)), functools.lru_cache(gce(0.2))),
    ],
)
def test_what_means_something_else_has_another_hash(one, other):
    assert entries.digest(one) != entries.digest(other)
    assert entries.digest(one) == entries.digest(one) and entries.digest(other) == entries.digest(
        other
    )


def test_the_same_made_twice_has_the_same_hash():
    assert entries.digest(gce(0.7)) == entries.digest(gce(0.7))
    assert entries.digest(Focal()) == entries.digest(Focal())


SOURCE = '''
    from torch import nn
    from memutils import losses

    Q = 0.7

    def helper(p):
        return p ** Q

    class Base(losses.Loss):
        def scaled(self, p):
            return 2 * p

    class Mine(Base):
        """What it is."""

        def per_example(self, log_p, target):
            """What it does."""
            return 1 - self.scaled(helper(losses.pick(log_p, target).exp()))

    def build():
        return Mine()

    short = lambda: Mine()
'''


@pytest.mark.parametrize("name", ["Mine", "build", "short"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Q = 0.7", "Q = 0.5"),
        ("2 * p", "3 * p"),
        ("p ** Q", "p ** (Q + 1)"),
        ("return 1 -", "return 2 -"),
        ("losses.pick", "losses.peck"),
    ],
)
def test_an_edit_anywhere_below_a_name_is_noticed(tmp_path, name, old, new):
    before = entries.digest(getattr(module_of(tmp_path, SOURCE), name))
    assert SOURCE.count(old) == 1
    assert entries.digest(getattr(module_of(tmp_path, SOURCE.replace(old, new)), name)) != before


@pytest.mark.parametrize("name", ["Mine", "build", "short"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("What it is.", "What it was."),
        ('"""What it does."""', "# no word"),
        ("return 2 * p", "return (2  *  p)  # twice"),
    ],
)
def test_docstrings_comments_and_layout_mean_nothing(tmp_path, name, old, new):
    before = entries.digest(getattr(module_of(tmp_path, SOURCE), name))
    assert SOURCE.count(old) == 1
    assert entries.digest(getattr(module_of(tmp_path, SOURCE.replace(old, new)), name)) == before


def test_a_class_by_another_name_is_the_same_loss(tmp_path):
    before = entries.digest(module_of(tmp_path, SOURCE).Mine)
    assert entries.digest(module_of(tmp_path, SOURCE.replace("Mine", "Yours")).Yours) == before


def test_code_without_a_text_counts_too():
    def made(text):
        space = {"losses": losses}
        exec(text, space)
        return space["f"]

    one, other = (f"def f():\n    'words'\n    return losses.RLL(alpha={a})" for a in (0.1, 0.2))
    assert entries.digest(made(one)) != entries.digest(made(other))
    assert entries.digest(made(one)) == entries.digest(made(one.replace("words", "other words")))


def test_a_log_that_grows_is_no_other_loss():
    log = []

    class Logging(losses.CCE):
        def per_example(self, log_p, target):
            log.append(1)
            return super().per_example(log_p, target)

    entry, before = Logging, entries.digest(Logging)
    SEEN.append(1)
    assert entries.digest(entry) == before == entries.digest(Logging)
    noted = entries.digest(noting)
    SEEN.append(2)
    assert entries.digest(noting) == noted


SEEN = []


def noting():
    SEEN.append(0)
    return losses.CCE()


def test_names_of_the_package_need_no_hash_unless_they_stand_for_another(monkeypatch):
    spec = smoke(switch_loss="rll", switch_epoch=1)
    assert entries.stood_for(spec) == {"loss": None, "network": None, "switch_loss": None}
    assert entries.data_now("cifar10") == {
        p: data.FINGERPRINTS["cifar10", p] for p in ("train", "test")
    }
    monkeypatch.setitem(losses.LOSSES, "cce", losses.MAE)
    found = entries.stood_for(spec)
    assert found["loss"] and found["network"] is None and found["switch_loss"] is None


def test_arrays_and_types_of_torch_count_by_value():
    for one, other in (
        (torch.ones(3), torch.zeros(3)),
        (np.ones(3), np.ones(4)),
        (np.float32(1), np.float64(1)),
        (torch.float32, torch.float16),
        (torch.ones(2, dtype=torch.bfloat16), torch.zeros(2, dtype=torch.bfloat16)),
        ({1, 2}, {1, 3}),
        ((1, 2), (2, 1)),
        ({"a": 1}, {"a": 2}),
    ):
        assert entries.digest(one) != entries.digest(other)
    assert entries.digest({"a": 1, "b": 2}) == entries.digest({"b": 2, "a": 1}) and entries.digest(
        {1, 2}
    ) == entries.digest({2, 1})


@pytest.mark.parametrize(
    "uses",
    [
        "import mylib\ndef loss(z, y): return mylib.parts.weight(z).sum()",
        "def loss(z, y):\n    from mylib.parts import weight\n    return weight(z).sum()",
        "def loss(z, y):\n    import mylib.parts\n    return mylib.parts.weight(z).sum()",
    ],
)
def test_what_lies_behind_a_dotted_name_or_an_import_on_the_way_counts(monkeypatch, uses, tmp_path):
    """Fault F1: an edited helper of somebody's package."""

    def digest(factor):
        package, parts = types.ModuleType("mylib"), types.ModuleType("mylib.parts")
        package.__path__, package.parts = [], parts
        parts.weight = eval(f"lambda z: {factor} * z")
        monkeypatch.setitem(sys.modules, "mylib", package)
        monkeypatch.setitem(sys.modules, "mylib.parts", parts)
        return entries.digest(module_of(tmp_path, uses).loss)

    assert digest(2) == digest(2) != digest(3)


@pytest.mark.parametrize("setting", ["loss", "network", "switch_loss", "dataset"])
def test_a_record_does_not_come_back_for_something_else_of_its_name(monkeypatch, mnist5k, setting):
    """Fault F1: an edited loss or network under the same name."""
    tables = {
        "loss": losses.LOSSES,
        "switch_loss": losses.LOSSES,
        "network": models.NETWORKS,
        "dataset": data.DATASETS,
    }
    first, second = {
        "loss": (gce(0.7), gce(0.01)),
        "switch_loss": (gce(0.7), gce(0.01)),
        "network": (lambda s, k: models.MLP(s, k, 16), lambda s, k: models.MLP(s, k, 32)),
        "dataset": (
            lambda root: mnist5k,
            lambda root: data.Dataset(
                "mine", mnist5k.train[1:], mnist5k.test, "mine", mnist5k.classes
            ),
        ),
    }[setting]
    monkeypatch.setitem(data.DATASETS, "mnist5k", lambda root: mnist5k)
    monkeypatch.setitem(tables[setting], "mine", first)
    spec = smoke(
        epochs=2, **{setting: "mine"} | ({"switch_epoch": 1} if setting == "switch_loss" else {})
    )
    record = run_spec(spec)
    if setting != "dataset":
        assert [name for name, value in record.content["stood_for"].items() if value] == [setting]
    assert run_spec(spec).content == record.content
    monkeypatch.setitem(tables[setting], "mine", second)
    named = {"dataset": "data set"}.get(setting, setting.replace("_", " "))
    with pytest.raises(
        UserError,
        match=(
            rf"the {named} 'mine' stood for something else. To train anew, delete .*\.json; to"
            r" keep it"
        ),
    ):
        run_spec(spec)
    record.path.unlink()
    assert run_spec(spec).content != record.content
    assert records.find("smoke", record.key, spec)
