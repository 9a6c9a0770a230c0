"""What a site decided itself, read back from the text of a map."""

import re

from stpolicy.render.postfix import LISTED, OWN, PolicyMap, Row

_LINE = re.compile(r"#.*|[^\s#]\S* secure [!-~][ -~]*")


def own_part(text: str) -> PolicyMap:
    """The lines between the two comments that every map has with which a site had its say.

    Nothing, when they are not there or have something else between them: a site's template may leave
    comments out, and then a row of the site looks like one of the list. To keep what is the list's would
    let it hold mail back long after it has run out; without its row a domain of the site's own is back to
    the site's default, as those of the list are, and the run says that something is wrong.
    """
    lines = text.split("\n")
    first, last = f"# {OWN}", f"# {LISTED}"
    if (lines.count(first), lines.count(last)) != (1, 1):
        return PolicyMap()
    kept = [line for line in lines[lines.index(first) : lines.index(last) + 1] if line]
    found = PolicyMap(kept)
    keys = [Row.read(row).key for row in found.rows]
    if len(set(keys)) < len(keys) or not all(line.isprintable() and _LINE.fullmatch(line) for line in kept):
        return PolicyMap()
    found.overlay = sum(key.isascii() for key in keys)  # an internationalised domain has two rows
    return found
