"""YAML as it is meant: numbers and words are what they look like, and nothing is dropped silently.

Unlike in YAML 1.1, ``1e-3`` is a number; yes, no, on and off are words, only true and false are
truth values; ``1:30`` is no number in base 60. A key that stands twice and a number that begins
with 0 (YAML 1.1 reads 010 as 8) are errors.
"""

import re
from typing import ClassVar

import yaml

from memutils.errors import UserError

PREFIX = "tag:yaml.org,2002:"
FORMS = {
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?[0-9][0-9_]*", "-+0123456789"),
    "float": (
        r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
}
"""What a plain scalar must look like to be more than a text,
and the characters that it may begin with.
"""


class Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the rules of this module."""

    yaml_implicit_resolvers: ClassVar[dict] = {
        first: [(tag, form) for tag, form in forms if tag in (f"{PREFIX}null", f"{PREFIX}merge")]
        for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """A table; a key that stands twice is an error."""
        seen = {}
        for key_node, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if isinstance(key_node, yaml.ScalarNode) and key in seen:
                raise UserError(
                    f"The key {key!r} of line {seen[key]} stands once more in line {line}; "
                    "join the two."
                )
            seen[key] = line
        return super().construct_mapping(node, deep)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        """A whole number in decimal digits."""
        text = node.value.replace("_", "")
        digits = text.lstrip("+-")
        if digits != "0" and digits.startswith("0"):
            raise UserError(
                f"The number {node.value} in line {node.start_mark.line + 1} begins with 0: write "
                f"{int(text)}, and a number like 5,000 without its comma, which begins a new value."
            )
        return int(text)


Loader.add_constructor(f"{PREFIX}int", Loader.construct_yaml_int)
for name, (form, first) in FORMS.items():
    Loader.add_implicit_resolver(PREFIX + name, re.compile(f"^(?:{form})$"), list(first))


def parse(text: str) -> object:
    """The content of a YAML text.

    Raises:
        UserError: it is not valid YAML, a key stands twice, or a number begins with 0; says where.
    """
    try:
        loader = Loader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        why = " ".join(str(error).split())[:200]
        raise UserError(f"This is not valid YAML, {why}.") from error
