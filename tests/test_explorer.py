"""The explorer's data: every record in, whole and harmless."""

import html.parser
import itertools
import json

import pytest
from conftest import REPOSITORY, changed
from hypothesis import given
from hypothesis import strategies as st

from memutils import runs
from memutils.report import explorer
from memutils.runs import records, specs


class Scripts(html.parser.HTMLParser):
    """Collects what a browser would take for the contents of script elements,
    and every tag outside them.
    """

    def __init__(self, text: str):
        super().__init__()
        self.inside, self.found, self.tags = False, [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.inside = tag == "script"
        self.tags.append(tag)
        self.found += [""] if self.inside else []

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.found[-1] += data


@pytest.fixture
def recorded(quick_data) -> list[records.Record]:
    scale = specs.load_scale("smoke")
    made = [
        {"loss": "rll", "eta": 0},
        {"loss": "cce"},
        {"loss": "rll"},
        {"loss": "rll", "alpha": 0.45},
    ]
    return [
        runs.run(scale.spec(**{"eta": 0.4} | settings), scale, progress=False) for settings in made
    ]


def content(page: str) -> dict:
    return json.loads(Scripts(page).found[0])


def test_every_record_is_there_with_its_exact_values(recorded):
    shown = {run["key"]: run for run in content(explorer.html(recorded))["runs"]}
    assert shown.keys() == {record.key for record in recorded}
    for record in recorded:
        rows, run = record.history.dropna(subset=["j1"]), shown[record.key]
        assert (
            run["epoch"] == list(rows["epoch"])
            and run["n"] == 400
            and run["rate"] == record.noise_rate
        )
        for name in ("j1", "j2", "test_accuracy"):
            assert run[name] == pytest.approx(list(rows[name]), abs=5e-5)
        assert (run["memorized"][-1] is None) == (record.noise_rate == 0)


def test_choices_tell_any_two_runs_apart_and_the_first_two_differ_in_the_loss_alone(recorded):
    page = content(explorer.html(recorded))
    chosen = [tuple(run[name] for name, _ in page["choices"]) for run in page["runs"]]
    assert len(set(chosen)) == len(recorded)
    a, b = (page["runs"][i] for i in page["start"])
    assert (a["loss"], b["loss"], b["variant"]) == ("cce", "rll", "smoke") and a["eta"] == b[
        "eta"
    ] == 0.4
    assert content(explorer.html(recorded[:1]))["start"] == [0, 0]


def test_the_first_two_runs_share_the_noise_rate():
    same = {"dataset": "mnist", "network": "resnet18", "seed": 0, "variant": "cpu"}
    at = [
        {**same, "loss": loss, "eta": eta}
        for loss, eta in (("cce", 0.2), ("rll", 0.4), ("rll", 0.2))
    ]
    assert explorer.start(at) == [0, 2]
    assert explorer.start([*at, {**same, "loss": "cce", "eta": 0.4}]) == [3, 1]


def test_settings_are_named_in_words(recorded):
    by_key = {record.key: record for record in recorded}
    usual, other = (explorer.variant(by_key[key]) for key in sorted(by_key, key=len)[-2:])
    assert other == "smoke, α 0.45" and usual == "smoke"
    assert explorer.in_words("lr0.1", {"lr": 0.1}) == "learning rate 0.1"
    assert explorer.in_words("n_train2500", {"n_train": 1}) == "training images 2500"
    assert explorer.in_words("batch_size50", {"batch_size": 50}) == "batch size 50"


def test_a_comparison_is_suggested_where_both_runs_are_there():
    names = [name for pair in explorer.SUGGESTED.values() for name in pair]
    assert (
        len(explorer.SUGGESTED) == 4 == len(explorer.suggested([{"name": name} for name in names]))
    )
    (only,) = explorer.suggested([{"name": name} for name in names[1:4]])
    assert only["runs"] == [1, 2] and explorer.suggested([]) == []


def test_each_suggested_run_is_recorded():
    for name in itertools.chain(*explorer.SUGGESTED.values()):
        assert (REPOSITORY / "results" / f"{name}.json").is_file()


def test_a_run_at_chance_is_marked(recorded):
    last = changed(recorded[1], classes=2)
    assert [run["collapsed"] for run in content(explorer.html([last]))["runs"]] == [True]


def test_scales_made_on_this_machine_are_shown_only_where_they_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path))
    for name in ("cpu", "quick", "smoke", "steps"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.json").write_text("{}")
    assert explorer.scales_with_records("quick") == ["cpu", "quick", "steps"]
    assert explorer.scales_with_records("cpu") == ["cpu", "steps"]


@given(
    st.text()
    | st.sampled_from(
        ["</script><script>alert(1)</script>", "<!--<script>", "&lt;", "]]>", "\u2028"]
    )
)
def test_no_name_leaves_the_script_element(text):
    page = Scripts(
        f"<script type='application/json'>{explorer.embed({'key': text})}</script><p>after</p>"
    )
    assert page.tags == ["script", "p"] and json.loads(page.found[0]) == {"key": text}
