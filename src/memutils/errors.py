"""Errors a user can act on: one plain sentence that says what to do."""

import functools
import sys
from collections.abc import Callable, Iterable
from difflib import get_close_matches

INTERRUPTED = (
    "Interrupted. Start the same again: what is recorded stays, and a run goes on from its last"
    " checkpoint."
)


class UserError(Exception):
    """Something the user can mend; its text is one plain sentence with what to do."""


def command(main: Callable[..., int]) -> Callable[..., int]:
    """A command's ``main`` as a user meets it: where a UserError ends it one sentence on stderr and
    exit code 1, on Ctrl-C 130.
    """

    @functools.wraps(main)
    def guarded(*arguments) -> int:
        try:
            return main(*arguments)
        except UserError as error:
            print(f"Error: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print(INTERRUPTED, file=sys.stderr)
            return 130

    return guarded


def nearest(name: object, valid: Iterable[str]) -> str:
    """' Did you mean 'rll'?', for the end of an error; '' where no valid name is near."""
    near = get_close_matches(str(name), sorted(valid), 1, 0.5)
    return f" Did you mean {near[0]!r}?" if near else ""


def unknown_name(kind: str, name: object, valid: Iterable[str]) -> UserError:
    """The error for a name that is not among the valid ones; names the nearest one."""
    valid = sorted(valid)
    hint = nearest(name, valid)
    names = ", ".join(one or "'' (none)" for one in valid)
    return UserError(f"Unknown {kind} {str(name)[:80]!r}.{hint} Choose one of: {names}.")
