"""The answer figure, from made-up records: which runs it shows, and where each dot is."""

import re
import xml.etree.ElementTree as xml

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from conftest import REPOSITORY
from made_up import INCEPTION, MNIST, make

from memutils.claims.selection import Pool
from memutils.report import figures
from memutils.report.looks import look
from memutils.report.start import drawings
from memutils.report.start import rows as answer

PICTURE = REPOSITORY / "book" / "_static" / "answer.svg"


def pair(rll=0.05, cce=1.0, **settings):
    """RLL and CCE at the main noise rate and on clean labels."""
    found = [make("rll", 0.0, test=0.97, **settings), make("cce", 0.0, test=0.95, **settings)]
    found.append(make("rll", m=rll, r=0.95 - rll, test=0.9, **settings))
    return [*found, make("cce", m=cce, test=0.6, **settings)]


def grouped(*found):
    return answer.groups(Pool(found))


def marks(found, width=figures.WIDE):
    """(x, y, marker, color, filled) of every mark, by panel; and the labels of the rows."""
    with mpl.rc_context(figures.style(width)):
        figure = drawings.draw(found, width)
    panels = [
        [
            (
                round(float(x), 6),
                round(float(y), 6),
                line.get_marker(),
                line.get_color(),
                line.get_mfc() != "none",
            )
            for line in axis.lines
            for x, y in line.get_xydata()
        ]
        for axis in figure.axes
    ]
    rows = {
        round(float(tick), 6): label.get_text()
        for tick, label in zip(figure.axes[0].get_yticks(), figure.axes[0].get_yticklabels())
    }
    plt.close(figure)
    return *panels, rows


@pytest.mark.parametrize("width", [figures.WIDE, figures.NARROW])
def test_each_dot_is_where_its_run_ended(width):
    left, right, rows = marks(grouped(*pair(rll=0.25, cce=0.75)), width)
    dots = {(rows[y], x) for x, y, marker, *_ in left}
    assert dots == {("RLL", 25.0), ("CCE", 75.0)}
    assert {(rows[y], x) for x, y, marker, *_ in right if marker != "|"} == {
        ("RLL", 90.0),
        ("CCE", 60.0),
    }
    assert {(rows[y], x) for x, y, marker, *_ in right if marker == "|"} == {
        ("RLL", 97.0),
        ("CCE", 95.0),
    }
    for _, y, marker, color, filled in left:
        drawn = next(look(loss) for loss in ("rll", "cce") if look(loss).name == rows[y])
        assert (marker, color, filled) == (drawn.marker, drawn.color, True)


def test_a_seed_is_a_dot_and_the_row_tells_their_range():
    (group,) = grouped(*pair(rll=0.7), *pair(rll=0.8, seed=1))
    assert [d.memorized for d in group.of("rll")] == [0.7, 0.8]
    assert group.clean == {"rll": 0.97, "cce": 0.95}
    assert "RLL 70 to 80 % and 90 %" in answer.alt([group])


def test_networks_learning_rates_and_numbers_of_images_are_groups_of_their_own():
    found = grouped(
        *pair(),
        *pair(**MNIST),
        *pair(n=20_000, n_train=20_000),
        *pair(**INCEPTION),
        *pair(**INCEPTION | {"lr": 0.1}),
        *pair(**INCEPTION | {"lr": 0.003}),
    )
    told = [(g.title, g.images, g.learning_rate) for g in found]
    assert told == [
        ("ResNet-18 on MNIST", 5000, 0.1),
        ("Inception-Lite on CIFAR-10", 5000, 0.01),
        ("Inception-Lite on CIFAR-10", 5000, 0.1),
        ("ResNet-32 on CIFAR-10", 20_000, 0.1),
        ("ResNet-32 on CIFAR-10", 5000, 0.1),
    ], "and another learning rate is no column of the claims"


def test_a_group_needs_a_pair_of_one_protocol():
    apart = [make("rll", m=0.05, r=0.9, lr=0.03), make("cce", lr=0.1)]
    assert grouped(*apart) == [] == grouped() == grouped(*pair()[:3])
    other = [make("mse", m=0.9, lr=0.03)]
    assert grouped(*pair(), *other)[0].losses == ["cce", "rll"]


def test_another_alpha_is_no_dot():
    other = make("rll", m=0.5, r=0.4, loss_parameters={"alpha": 0.45})
    (group,) = grouped(*pair(), other)
    assert [d.memorized for d in group.of("rll")] == [0.05]


def test_a_run_that_cannot_tell_is_hollow():
    unfit = [
        make("rll", 0.0, f=0.5, test=0.5),
        make("rll", m=0.1, r=0.3, f=0.5, test=0.5),
        make("cce"),
    ]
    left, _, rows = marks(grouped(*unfit))
    assert {(rows[y], filled) for _, y, _, _, filled in left} == {("RLL", False), ("CCE", True)}


def test_every_number_of_the_figure_is_in_its_description_and_its_table():
    found = grouped(*pair(rll=0.25), *pair(rll=0.5, **MNIST))
    frame = answer.table(found)
    assert len(frame) == 4 and set(frame["memorized"]) == {0.25, 0.5, 1.0}
    text = figures.html(drawings.draw, found, alt=answer.alt(found))
    drawn = " ".join(e.text for e in xml.fromstring(text).iter() if e.text)
    for number in ("25 %", "50 %", "100 %"):
        assert number in drawn and number in answer.alt(found)


def test_what_the_runs_have_in_common_is_told():
    assert (
        answer.conditions(grouped(*pair()))
        == "Noise rate 0.4; 40 epochs; RLL with α = 0.1; float32."
    )
    assert answer.conditions([]) == "No run is recorded yet."
    assert answer.table([]).empty


def test_the_readmes_picture_is_of_the_records_there_are(repository):
    committed = xml.fromstring(PICTURE.read_text(encoding="utf-8"))
    assert committed.get("aria-label") == answer.alt(answer.groups(Pool.load())), (
        "`make claims` draws it anew"
    )


def test_the_command_writes_the_picture_whole_or_says_why(monkeypatch, tmp_path, capsys):
    assert drawings.main([str(tmp_path / "a.svg")]) == 1
    assert "No run" in capsys.readouterr().err and list(tmp_path.iterdir()) == []
    monkeypatch.setenv("MEMUTILS_RESULTS", str(REPOSITORY / "results"))
    assert drawings.main([str(tmp_path / "a.svg")]) == 0
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert xml.fromstring(text).get("aria-label") and not re.search(r"#010203|/home|/work", text)
