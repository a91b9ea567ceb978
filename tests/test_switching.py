def test_the_switching_chapter_says_what_happened():
    scale = specs.load_scale("switch")
    steady, rising = np.full(4, 0.97), np.array([0.1, 0.1, 0.1, 0.9])
    for key, spec in scale.specs().items():
        x = {"cce": steady, "rll": rising if spec.switch_loss else rising[[0, 0, 0, 0]]}[spec.loss]
        write("switch", key, spec, np.full(4, 0.99), x)
    chapter = execute("switching")
    text = chapter["switching_sentences"](chapter["moved"])
    assert (
        "*CCE, then RLL.* The memorized fraction stays: 0.970 at the switch, 0.970 at the end (mean"
        " of 3 seeds)" in text
    )
    assert (
        "*RLL, then CCE.* The memorized fraction rises: 0.100 at the switch, 0.900 at the end"
        in text
        and "ends at 0.100" in text
    )
    assert len(plots.standard(records.load("switch"), scale)) == 12
    assert chapter["outcome"](chapter["moved"]).startswith(
        "**Against the paper's explanation.** The memorizer stays"
    )
    swapped = chapter["moved"].assign(
        **{"at the end": chapter["moved"]["at the switch"]}
    )  # the resister stays, too
    assert chapter["outcome"](swapped).startswith("**Not as one.**")


def test_the_switching_chapter_renders_without_records():
    assert execute("switching")["moved"].empty
