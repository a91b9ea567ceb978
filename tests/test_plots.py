"""The figures' helpers: what is drawn, what a caption says, and what is flagged."""

from conftest import changed

from memutils import runs
from memutils.report import curves, plots
from memutils.runs import records, specs

SMOKE = {"dataset": "mnist5k", "network": "mlp", "loss": "cce", "eta": 0.4}


def test_plots_draw_only_what_is_recorded(results):
    scale = specs.load_scale("smoke")
    record = runs.run(scale.spec(**SMOKE), scale, progress=False)
    variation = runs.run(scale.spec(**SMOKE, epochs=2), scale, progress=False)
    assert plots.standard([record, variation], scale) == [record]
    assert plots.missing([record], scale, loss="cce") == ["mnist5k-mlp-cce-eta0-seed0"]
    figure = curves.draw([("there", [record]), ("absent", [])], {"j1": "-", "j2": "--"})
    there, absent = figure.axes
    drawn = {line.get_linestyle(): list(line.get_ydata()) for line in there.lines}
    assert drawn["-"] == list(record.history.training_j1)
    assert drawn["--"] == list(record.history.training_j2)
    marks = [list(line.get_ydata()) for line in there.lines if line.get_linestyle() == "None"]
    assert marks == [list(record.history.j1), list(record.history.j2)]
    ideal = [line.get_ydata()[0] for line in there.lines if line.get_linestyle() == ":"]
    assert ideal == [1 - record.noise_rate]
    assert not absent.lines and any(text.get_text() == "no record yet" for text in absent.texts)
    table = plots.final_table([record])
    assert (
        table.j1.item() == record.history.j1.median()
    )  # three epochs: all of them are among the last five
    assert len(plots.final_table([])) == 0
    text = plots.summary([record], ["a-run"])
    assert (
        "1 run: n = 400; seed 0; 3 epochs; learning rate 0.001; CPU, float32." in text
        and "1 run of the grid (`a-run`)" in text
    )
    record.provenance["dirty"] = True
    assert "Take with care" in plots.summary([record])


def test_a_caption_says_n_seeds_epochs_device_and_precision_of_all_its_runs():
    def record(seed, n, epochs, device="cpu", precision="float32"):
        spec = {"seed": seed, "epochs": epochs, "lr": 1 / epochs, "network": "mlp"}
        content = {"spec": spec, "dataset": {"sizes": {"train": n}}}
        return records.Record(
            None,
            content | {"provenance": {"execution": {"device": device, "precision": precision}}},
        )

    assert plots.conditions([]) == "no run recorded yet"
    one = plots.conditions([record(1, 4992, 1)])
    assert one == "n = 4,992; seed 1; 1 epoch; learning rate 1; CPU, float32"
    several = [record(2, 5000, 50), record(0, 1250, 80), record(1, 5000, 50, "cuda", "bfloat16")]
    parts = (
        "n = 1,250 to 5,000",
        "seeds 0, 1 and 2 (not of every setting)",
        "50 and 80 epochs",
        "learning rate 0.0125 and 0.02",
        "CPU and CUDA, bfloat16 and float32",
    )
    assert plots.conditions(several) == "; ".join(parts)
    assert "seeds 1 and 2; 50 epochs" in plots.conditions(several[::2])
    assert plots.some([1, 2, 3, 40]) == "1 to 40"


def test_a_figures_legend_names_the_noise_rates_in_order_whichever_panel_has_them(results):
    scale = specs.load_scale("smoke")
    last, first = (
        runs.run(scale.spec(**SMOKE | {"eta": eta}), scale, progress=False) for eta in (0.4, 0.0)
    )
    figure = curves.draw([("late", [last]), ("early", [first])], {"j1": "-"})
    told = [text.get_text() for text in figure.legends[0].get_texts()]
    assert told == ["J1", "η = 0", "η = 0.4", "1 − e"]


def test_a_figure_takes_the_largest_scale_that_has_records_or_the_one_named(results):
    assert records.shown_scale() == "smoke" and records.shown_scale("paper") == "paper"
    shown = plots.paper_panels("", [("resnet18", "cce"), ("resnet32", "cce")])
    assert shown.scale == "smoke" and [label for label, _ in shown.panels] == [
        "MLP on MNIST (5k), CCE"
    ]
    assert not shown.records and len(shown.absent) == 2
    scale = specs.load_scale("cpu")
    settings = {
        "network": "resnet18",
        "loss": "cce",
        "eta": 0.4,
        "n_train": 100,
        "n_test": 50,
        "epochs": 1,
        "dataset": "mnist5k",
    }
    runs.run(scale.spec(**settings), scale, progress=False)
    shown = plots.paper_panels("", [("resnet18", "cce"), ("resnet32", "cce")])
    assert shown.scale == "cpu" and not shown.records  # a variation is not of the grid
    assert "mnist-resnet18-cce-eta0.4-seed0" in shown.absent


def test_a_collapsed_run_is_marked(results):
    scale = specs.load_scale("smoke")
    record = runs.run(scale.spec(**SMOKE), scale, progress=False)
    idle = changed(record, classes=1, j2=0.1)
    crosses = [
        [
            line
            for line in curves.draw([("", [r])], {"j1": "-"}).axes[0].lines
            if line.get_marker() == "X"
        ]
        for r in (record, idle)
    ]
    assert [len(lines) for lines in crosses] == [0, 1]
    assert "Collapsed" in plots.summary([idle]) and "Collapsed" not in plots.summary([record])
    assert plots.final_table([record, idle])["collapsed"].tolist() == [False, True]


def test_records_of_another_version_or_of_a_changed_tree_are_flagged():
    def record(i, version=records.RESULTS_VERSION, dirty=False):
        return records.Record(
            None, {"key": f"run{i}", "results_version": version, "provenance": {"dirty": dirty}}
        )

    assert plots.flags([]) == plots.flags([record(0), record(1)]) == ""
    text = plots.flags(
        [record(0), record(1, version=0), record(2, dirty=True), record(3, dirty=None)]
    )
    for words in (
        "1 of 4 of another version",
        "`run1`",
        "1 of 4 made from",
        "`run2`",
        "unknown state (`run3`)",
    ):
        assert words in text
    assert "`run0`" not in text
    assert "`run3` and 5 more" in plots.flags([record(i, version=0) for i in range(9)])
