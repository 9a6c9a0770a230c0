"""What the findings about the bytes themselves mean; the rules about their content are in `rules/`."""

LARGEST = 64 * 1024 * 1024
"""Bytes of a list; far above any real one (EFF's had 121 kB), far below what would hurt a machine."""

DOCUMENT = {
    "document.encoding": """The file is not plain UTF-8.

    A list is UTF-8 without a byte order mark, and no text in it holds half of a surrogate pair
    (RFC 8259 section 8.1). Readers that guess an encoding could see two different lists in one file.
    Save the file as UTF-8.""",
    "document.syntax": """The file is not JSON, or a text in it holds a control character.

    Only RFC 8259 JSON is read: no comma after the last member, no comments, no NaN. Control
    characters are refused in every text, written as they are or as escapes: in a mail server's table
    a line feed would begin a line of its own. Mend the text at the place that is named.""",
    "document.too_deep": """Values are nested more than 16 deep.

    The format needs four levels. Deeper nesting is made to exhaust a reader.""",
    "document.too_large": """The file is larger than a reader accepts.

    The bound is 64 MiB and can be set with --max-size.""",
    "document.duplicate_key": """A key stands twice in one object.

    JSON readers disagree which of the two counts, so signer and server could see different policies.
    Remove one of them; `stpolicy validate` shows the place of the second.""",
    "document.unknown_field": """A field is not part of the format.

    A misspelt field would silently promise nothing. `mode` and `mxs` cannot stand beside
    `policy-alias`: an entry is a policy of its own or a reference, never both. Remove the field.""",
    "document.missing_field": """A required field is missing.

    A list has timestamp, expires, version, policy-aliases and policies; a policy has mode and mxs.
    Nothing has a default.""",
    "document.shape": """A value is not of the kind that the format has at this place.

    The shape is published as schema/policy-0.1.schema.json.""",
    "document.date": """A date is neither RFC 3339 with an offset nor whole epoch seconds.

    Write 2030-01-31T12:00:00Z. A date without an offset from UTC would mean another moment on
    every machine. `stpolicy bump` writes both dates.""",
    "document.version": """The list is of a version of the format that is not known here.

    This reader knows version "0.1", written as a text.""",
}
"""Code to documentation; the first line is the summary. All are errors."""
