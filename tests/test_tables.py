"""Tables and the data behind figures, as readers see and save them."""

import base64
import io
import math
import re

import pandas as pd

from memutils.report import notebooks
from memutils.report.grids import tables


def test_a_table_shows_settings_as_given_and_no_value_as_a_dash():
    frame = pd.DataFrame(
        {"eta": [0.4, 0], "j1": [2 / 3, math.nan], "test_accuracy": [1.0, 0.5], "a<b": [1234, 0]}
    )
    cells = re.findall(r"<t[hd][^>]*>\s*([^<]*?)\s*</t[hd]>", notebooks.table(frame).to_html())
    assert cells[:4] == ["η", "J1", "test accuracy", "a&lt;b"]
    assert cells[4:] == ["0.4", "0.667", "1.000", "1,234", "0", "–", "0.500", "0"]


def test_a_setting_that_is_the_same_in_every_row_stands_in_the_caption_by_its_readers_name():
    frame = pd.DataFrame(
        {
            "network": ["resnet18"] * 2,
            "loss": ["cce", "<b>"],
            "eta": [0.0, 0.0],
            "j1": [0.5, 0.5],
            "collapsed": [False] * 2,
        }
    )
    html = notebooks.table(frame).to_html()
    shown = re.findall(r"<t[hd][^>]*>\s*([^<]*?)\s*</t[hd]>", html)
    assert shown == [
        "loss",
        "J1",
        "CCE",
        "0.500",
        "&lt;b&gt;",
        "0.500",
    ]  # figures stand in every row, alike or not
    assert (
        re.search(r"<caption>(.*)</caption>", html)[1]
        == "The same in every row: network ResNet-18, η 0, collapsed no."
    )
    alone = notebooks.table(frame[:1]).to_html()
    assert "<caption>" not in alone and "ResNet-18" in alone and "no" in alone


def test_the_data_behind_a_figure_come_back_from_their_link():
    table = pd.DataFrame({"x": [0.5, 0.25], "name": ["a,b", "<c>"]})
    link = notebooks.csv_link(table, "a<b").data
    assert 'download="a&lt;b.csv"' in link and "(2 rows)" in link
    text = base64.b64decode(re.search(r"base64,([^\"]+)", link)[1]).decode()
    assert pd.read_csv(io.StringIO(text)).equals(table)
    assert notebooks.csv_link([], "none").data == notebooks.csv_link(table[:0], "none").data == ""


def test_nothing_is_shown_where_there_is_nothing_to_tell(monkeypatch):
    shown = []
    monkeypatch.setattr(notebooks, "display", lambda told: shown.append(told.data))
    notebooks.tell("", " ")
    notebooks.tell("One.", "", "Two.")
    assert shown == ["One.\n\nTwo."]


def test_claims_of_few_seeds_stand_after_the_others_with_their_number():
    assert tables.of_seeds({0: ["C9", "C10"], 1: ["C6"], 2: ["C1"]}) == (
        "C9, C10; one seed: C6; two seeds: C1"
    )
    assert tables.of_seeds({0: ["C4"]}) == "C4"
