"""The second visit to a GPU: CIFAR-10, then the queue. Start it once for each part of the data.

    python workflow/gpu/second.py OUT [--limit 420] [--first FIRST_OUT]

Where a part is missing it keeps the one that came and ends; with both it carries out the queue in
the way that the first visit chose, as written in FIRST_OUT/ways.json, or in the folder --work
where the first visit was to the same machine.
"""

import json
import sys
from pathlib import Path

from first import ENDING
from visit import ROOT, Visit, parser_of, queue_words


def main(arguments: list[str] | None = None) -> int:
    """The visit; 1 where a command failed."""
    parser = parser_of(__doc__, 420)
    parser.add_argument(
        "--first",
        type=Path,
        default=ROOT / "first",
        help="what the first visit left, for its ways.json",
    )
    options = parser.parse_args(arguments)
    visit = Visit(options.out, options.work, options.limit)
    code, text = visit.python("workflow/gpu/pack.py", "unpack", "data", visit.work / "data")
    if code or "cifar10" not in text:
        if not code:
            visit.say(
                "A part of CIFAR-10 is missing. Send it to this machine and start the same again."
            )
        return int(bool(code))
    known = visit.work / "rates.json"
    places = [folder / "ways.json" for folder in (options.first, visit.work)]
    path = next(filter(Path.exists, places), places[0])
    measured = json.loads(path.read_bytes()) if path.exists() else {"chosen": {}, "rates": {}}
    if not path.exists():
        visit.say(f"There is no {path}: runs are carried out in the queue's own way.")
    known.write_text(json.dumps(measured["rates"]))
    words, more = queue_words(options, measured["chosen"], "--rates", known)
    return int(bool(visit.python(*words, "--limit", visit.left() - ENDING, more=more)[0]))


if __name__ == "__main__":
    sys.exit(main())
