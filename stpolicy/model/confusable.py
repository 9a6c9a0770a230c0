"""Names that look like other names (UTS 39), as far as a reviewer of a list must be warned."""

import unicodedata

_LOOKS_LIKE = str.maketrans(
    {
        # Cyrillic
        "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "һ": "h", "і": "i", "ј": "j", "к": "k",
        "ӏ": "l", "м": "m", "н": "h", "о": "o", "р": "p", "ԛ": "q", "г": "r", "ѕ": "s", "т": "t",
        "ц": "u", "ѵ": "v", "ѡ": "w", "ԝ": "w", "х": "x", "у": "y", "ү": "y", "ь": "b", "ё": "e",
        "ї": "i", "з": "3", "б": "6", "ч": "4",
        # Greek
        "α": "a", "β": "b", "ε": "e", "η": "n", "ι": "i", "κ": "k", "ν": "v", "ο": "o", "ρ": "p",
        "σ": "o", "τ": "t", "υ": "u", "χ": "x", "γ": "y", "ω": "w", "ό": "o", "ί": "i", "ά": "a",
        # Armenian
        "ա": "w", "գ": "q", "զ": "q", "հ": "h", "յ": "j", "ո": "n", "ս": "u", "օ": "o", "ց": "g",
        # Latin beyond ASCII that people read as ASCII
        "ı": "i", "ɩ": "i", "ł": "l", "ɑ": "a", "ɡ": "g", "ʏ": "y", "ø": "o", "đ": "d", "ħ": "h",
        "ŧ": "t", "ß": "b", "þ": "p", "ð": "d", "ƅ": "b", "ʋ": "u", "ɴ": "n", "ᴠ": "v", "ᴡ": "w",
    }
)  # fmt: skip
"""Letters of other scripts by the ASCII letter that they are read as."""

_TOGETHER = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA"},
    {"LATIN", "CJK", "BOPOMOFO"},
    {"LATIN", "CJK", "HANGUL"},
)
"""Scripts that are written together (UTS 39 section 5.2, highly restrictive)."""


def skeleton(name: str) -> str:
    """The ASCII name that a person may take a U-label name for, accents dropped."""
    plain = unicodedata.normalize("NFD", name.translate(_LOOKS_LIKE))
    return "".join(c for c in plain if not unicodedata.combining(c)).translate(_LOOKS_LIKE)


def mixes_scripts(label: str) -> bool:
    """Whether the letters of a label come from scripts that are not written together."""
    scripts = {unicodedata.name(c, "UNKNOWN").split()[0] for c in label if c.isalpha()}
    scripts -= {"MODIFIER", "COMBINING", "KATAKANA-HIRAGANA"}
    return len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER)
