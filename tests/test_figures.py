"""Figures as pages show them: text that can be read, ink that follows the theme, two widths."""

import io
import re
import xml.etree.ElementTree as xml

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from memutils.report import figures
from memutils.report.looks import look

WIDTHS = {figures.WIDE: 11, figures.NARROW: 9}
"""The least size of text in pixels at each width."""

PHONE = 312
"""The column of a phone of 360 pixels, on which a narrow figure is shown."""


def draw(values=(0.2, 0.9), *, width):
    """A figure with what figures have: title, ticks, legend, text, lines with markers."""
    shape = (2, 1) if figures.is_narrow(width) else (1, 2)
    figure, axes = figures.canvas(width, 300, *shape)
    for axis in axes.flat:
        for loss in ("cce", "rll"):
            drawn = look(loss)
            style = {"color": drawn.color, "marker": drawn.marker, "linestyle": drawn.dash}
            axis.plot(range(len(values)), values, label=drawn.name, **style)
        axis.set_title("η = 0.4", fontweight="bold")
    axes[0, 0].text(0, values[0], "a < b & c", style="italic")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center")
    return figure


def parsed(width, alt="What to see.", prefix="one"):
    with mpl.rc_context(figures.style(width)):
        return xml.fromstring(figures.svg(draw(width=width), alt, prefix))


def of(root, name):
    return [e for e in root.iter() if e.tag.endswith(f"}}{name}")]


@pytest.mark.parametrize("width", WIDTHS)
def test_it_is_as_wide_as_it_is_shown_and_its_text_can_be_read_there(width):
    root = parsed(width)
    box = [float(n) for n in root.get("viewBox").split()]
    assert box[2] == width == float(root.get("width")) and "pt" not in root.get("height")
    sizes = [
        float(re.search(r"font-size: ([\d.]+)px", e.get("style"))[1]) for e in of(root, "text")
    ]
    shown = min(1, PHONE / width) if width == figures.NARROW else 1
    assert len(sizes) > 10 and min(sizes) * shown >= WIDTHS[width]


@pytest.mark.parametrize("width", WIDTHS)
def test_text_is_text_in_the_pages_font_and_color(width):
    with mpl.rc_context(figures.style(width)):
        text = figures.svg(draw(width=width), "What to see.", "one")
    words = " ".join(e.text for e in of(xml.fromstring(text), "text"))
    assert "η = 0.4" in words and "a < b & c" in words and "CCE" in words
    assert not re.search(r"DejaVu|font-family|font: |<style|#010203|<metadata", text)
    colors = set(re.findall(r"#[0-9a-f]{6}\b", text.lower()))
    assert colors == {look(loss).color.lower() for loss in ("cce", "rll")}, (
        "all else is currentColor"
    )
    assert "font-weight: 700" in text.replace("bold", "700") and "font-style: italic" in text


def test_a_font_loses_its_family_alone_in_either_spelling():
    for old in (
        "font: italic 700 10.5px 'A b', 'C', sans-serif",
        "font-size: 10.5px; font-family: 'A b', sans-serif; font-weight: 700; font-style: italic",
    ):
        new = figures.page_font(f'<text style="{old}; text-anchor: middle">font: 9px</text>')
        assert set(re.search('"(.*)"', new)[1].split("; ")) == {
            "font-size: 10.5px",
            "font-weight: 700",
            "font-style: italic",
            "text-anchor: middle",
        }
        assert new.endswith(">font: 9px</text>")


def test_ids_are_of_their_own_and_all_of_them_used():
    roots = [parsed(width, prefix=f"name-{width}") for width in WIDTHS]
    ids = [e.get("id") for root in roots for e in root.iter() if e.get("id")]
    text = "".join(xml.tostring(root, "unicode") for root in roots)
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', text))
    assert (
        len(ids) == len(set(ids)) and set(ids) == used and all(i.startswith("name-") for i in ids)
    )


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])))
def test_a_description_stays_a_description(alt):

    head = figures.opened("<svg ", alt, 100, 50)
    assert xml.fromstring(f"{head}/>").get("aria-label") == alt


def test_marks_share_a_style_and_no_coordinate_is_finer_than_a_hundredth_of_a_pixel():
    def text(*styles):
        marks = (f'<use x="1.23456" y="-0.001" style="{style}"/>' for style in styles)
        return figures.slim(f'<g clip-path="url(#a)">\n {"".join(marks)}</g>')

    one = '<use x="1.23" y="-0.00"/>'
    assert text("a", "a") == f'<g clip-path="url(#a)" style="a">{one}{one}</g>'
    assert re.findall('style="(.)"', text("a", "b")) == ["a", "b"]
    with mpl.rc_context(figures.style(figures.WIDE)):
        drawn = figures.svg(draw(width=figures.WIDE), "What to see.", "one")
    assert not re.search(r'[ "(]-?\d+\.\d{3,}', drawn)


def test_the_same_figure_is_the_same_text():
    before = plt.get_fignums()
    assert figures.html(draw, alt="What to see.") == figures.html(draw, alt="What to see.")
    assert plt.get_fignums() == before, "a drawn figure is closed"


def test_both_widths_are_in_the_page_and_without_a_style_sheet_one_is_seen():
    root = xml.fromstring(figures.html(draw, (0.1, 0.2), alt="What to see."))
    wide, narrow = root
    assert [e.get("class") for e in root] == ["drawn-wide", "drawn-narrow"]
    assert wide.get("style") is None and narrow.get("style") == "display: none"
    assert [float(e[0].get("width")) for e in root] == list(WIDTHS)
    assert [e[0].get("aria-label") for e in root] == ["What to see."] * 2


def test_what_a_notebook_shows_has_a_picture_for_where_no_page_is(monkeypatch):
    shown, widths = [], []
    monkeypatch.setattr(figures, "display", lambda bundle, **how: shown.append((bundle, how)))
    figures.show(lambda width: widths.append(width) or draw(width=width), alt="What to see.")
    assert widths == [figures.WIDE, figures.NARROW], "the picture is of the wide one"
    ((bundle, how),) = shown
    assert bundle.keys() == {"text/html", "image/png", "text/plain"} and how["raw"]
    assert bundle["text/plain"] == "What to see."
    picture = Image.open(io.BytesIO(figures.png(draw(width=figures.WIDE))))
    assert picture.width == 2 * figures.WIDE and picture.getpixel((0, 0))[:3] == (255, 255, 255)


def test_a_file_of_its_own_follows_the_readers_theme():
    root = xml.fromstring(figures.file(draw, alt="What to see."))
    (style,) = of(root, "style")
    assert "prefers-color-scheme: dark" in style.text and "font-family" in style.text
    assert root.get("aria-label") == "What to see."


def test_matplotlibs_own_settings_stay_as_they_were():
    before = dict(mpl.rcParams)
    figures.html(draw, alt="What to see.")
    assert dict(mpl.rcParams) == before


def test_numbers_in_text_keep_their_digits():
    with mpl.rc_context(figures.style(figures.WIDE)):
        figure, axes = figures.canvas(300, 200)
        axes[0, 0].set_title("one line\nlearning rate 0.001, s = 0.0003", loc="left")
        text = figures.svg(figure, "", "figure")
    assert "learning rate 0.001, s = 0.0003<" in text
    assert not re.search(r'[xy]="-?\d+\.\d{3,}"', text)
