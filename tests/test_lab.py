"""The lab's programs, run by node where it is installed, compute what the package computes."""

import json
import shutil
import subprocess
import sys

import lab_checks
import numpy as np
import pytest
from conftest import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "book/_ext"))
import lab

SCRIPTS = REPOSITORY / "book/_static/lab"
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(
    NODE is None, reason="node is not installed; the browser tests check the same"
)


@pytest.fixture(scope="module")
def evaluate():
    """Runs an expression in node, beside the lab's programs that need no page."""
    sources = [
        (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
        for name in (*lab.PARTS, "engine", "state")
    ]
    known = f"const self = globalThis; {lab.script(*lab.embedded())} {' '.join(sources)}"

    def run(expression: str):
        code = f"{known}\nconsole.log(JSON.stringify({expression}));"
        done = subprocess.run([NODE, "-"], input=code, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    return run


@needs_node
def test_random_numbers_noise_start_and_order_can_be_repeated(evaluate):
    lab_checks.check_random(evaluate)


@needs_node
def test_losses_and_gradients_are_the_packages(evaluate):
    lab_checks.check_losses(evaluate)


@needs_node
@pytest.mark.parametrize("name", lab_checks.LOSSES)
def test_twenty_steps_are_torchs(evaluate, name):
    lab_checks.check_twenty_steps(evaluate, name)


@needs_node
def test_what_is_mislabeled_at_one_noise_rate_is_so_at_every_higher_one(evaluate):
    drawn = "Array.from(Lab.noisyLabels(new Uint8Array(3000), 10, %s, new Lab.Random(5, 2)))"
    low, high = (np.array(evaluate(drawn % eta)) for eta in (0.2, 0.6))
    assert (high[low != 0] != 0).all()
    assert (low != 0).sum() < (high != 0).sum()
    counts = np.bincount(high, minlength=10)[1:]
    expected = 3000 * 0.6 / 9
    assert (abs(counts - expected) < 4 * expected**0.5).all(), "wrong labels are not spread evenly"


def test_the_embedded_digits_are_means_of_mnist_and_nothing_is_trained_and_tested_on(mnist5k):
    train, test = lab.embedded()
    assert (len(train), len(test)) == (2000, 1000)
    for n in (1000, 2000):
        assert (np.bincount(train.labels[:n]) == n // 10).all()
    levels = lab.levels(train.images)
    i, row, column = 1234, 6, 9
    patch = train.images[i, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2, 0].astype(float)
    assert abs(levels[i, 14 * row + column] - patch.mean() / 17) <= 0.5
    seen = {image.tobytes() for image in train.images}
    assert not any(image.tobytes() in seen for image in test.images)
    assert seen <= {image.tobytes() for image in mnist5k.train.images}


@needs_node
def test_the_packed_digits_are_the_unpacked_ones(evaluate):
    levels, labels = lab_checks.images(evaluate, "test")
    test = lab.embedded()[1]
    np.testing.assert_array_equal(levels, lab.levels(test.images))
    np.testing.assert_array_equal(labels, test.labels)
    assert (
        evaluate("Array.from(Lab.unpack(labDigits.test.levels).subarray(0, 1960))")
        == levels[:10].ravel().tolist()
    )


ADDRESSES = [
    "#tab=digits&seed=0&epochs=40"
    "&lossA=cce&etaA=0.4&lrA=0.003&nA=1000&lossB=rll:0.1&etaB=0.4&lrB=0.003&nB=1000",
    "#tab=plane&seed=12&epochs=600"
    "&lossA=gce:0.3,mae@30,rll:0.45@90&etaA=0&lrA=0.01&nA=75&lossB=nmse&etaB=0.6&lrB=0.002&nB=300",
    "#tab=digits&seed=0&epochs=40"
    "&lossA=rll:0.1&etaA=0.4&lrA=0.003&nA=1000&lossB=even-rll:0.1&etaB=0.4&lrB=0.003&nB=1000",
]


@needs_node
@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_holds_a_choice(evaluate, address):
    assert evaluate(
        f"[Lab.toHash(Lab.fromHash('{address}').state), Lab.fromHash('{address}').wrong]"
    ) == [address, []]


@needs_node
@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("tab=circus", "circus"),
        ("seed=-1", "seed"),
        ("seed=1.5", "whole number"),
        ("epochs=", "epochs"),
        ("etaA=1", "etaA"),
        ("lrB=nothing", "lrB"),
        ("nA=999", "1000, 2000"),
        ("lossA=constructor", "no loss"),
        ("lossA=cce:3", "no parameter"),
        ("lossA=rll:0", "0.001"),
        ("lossB=cce@3", "epoch 0"),
        ("lossB=cce,rll@3,mae@2", "4 to"),
        ("lossB=cce,rll", "lossB"),
        ("lossB=%E0%A4%A", "lossB"),
    ],
)
def test_an_address_that_cannot_be_is_told_and_left_as_at_first(evaluate, part, words):
    hash = f"#{part}" if part.startswith("tab") else f"#tab=digits&{part}"
    found = evaluate(f"({{...Lab.fromHash('{hash}'), first: Lab.firstState('digits')}})")
    assert found["state"] == found["first"]
    assert len(found["wrong"]) == 1 and words in found["wrong"][0]


@needs_node
def test_a_switch_takes_over_at_the_epoch_that_is_named(evaluate):
    """A run that is switched by hand ends as the run that planned it, to the last bit."""
    settings = "{problem: 'plane', n: 75, seed: 1, eta: 0.3, lr: 0.005, phases: %s}"
    by_hand = f"""(() => {{ const run = new Lab.Run({settings % "[Lab.phase('cce')]"});
        const steps = run.train();
        while (run.begun < 8) steps.next();  // the eighth epoch has its loss
        run.switchTo(Lab.phase('rll'));
        while (run.epoch < 20) steps.next();
        return [run.phases, Array.from(run.network.parameters)]; }})()"""
    phases, weights = evaluate(by_hand)
    assert [phase["from"] for phase in phases] == [0, 8]
    planned = f"""(() => {{ const run = new Lab.Run({settings % json.dumps(phases)});
        const steps = run.train();
        while (run.epoch < 20) steps.next();
        return Array.from(run.network.parameters); }})()"""
    assert evaluate(planned) == weights


@needs_node
def test_the_page_says_of_its_exercises_what_is_so(evaluate):
    """In bounds that seeds 0 to 2 keep with room: CCE's best epoch; RLL undoes no memorization."""
    stopped, forgotten = evaluate("""[[], [Lab.phase("rll", 0.1, 40)]].map((later) => {
        const phases = [Lab.phase("cce"), ...later], found = [];
        const settings = {problem: "digits", n: 1000, seed: 0, eta: 0.4, lr: 0.003, phases};
        const steps = new Lab.Run(settings, labDigits).train();
        while (found.length <= 40 * phases.length) {
            const report = steps.next().value;
            if (report) found.push(report.values);
        }
        return found; })""")
    tested = [values["test_accuracy"] for values in stopped]
    best = int(np.argmax(tested))
    assert 2 <= best <= 8 and tested[best] == pytest.approx(0.82, abs=0.03)
    assert stopped[best]["memorized"] < 0.15 and tested[best] - tested[40] > 0.12
    assert (
        forgotten[40]["memorized"] > 0.93
        and forgotten[80]["memorized"] >= forgotten[40]["memorized"] - 0.01
    )


@needs_node
def test_the_page_says_of_its_comparisons_what_is_so(evaluate):
    """Of the two with a switch, in seed 0: a third of what RLL saves is gone, then all of it."""
    plans = """[[40, Lab.phase("cce"), Lab.phase("rll", 0.1, 5)],
               [60, Lab.phase("rll", 0.1), Lab.phase("cce", null, 20)]]"""
    begun, protected = evaluate(
        plans
        + """.map(([epochs, ...phases]) => {
        const settings = {problem: "digits", n: 1000, seed: 0, eta: 0.4, lr: 0.003, phases};
        const steps = new Lab.Run(settings, labDigits).train(), found = [];
        while (found.length <= epochs) {
            const report = steps.next().value;
            if (report) found.push(report.values.memorized);
        }
        return found[epochs]; })"""
    )
    assert 0.45 < begun < 0.53 and protected > 0.92
