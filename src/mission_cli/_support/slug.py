"""Make a name that can be typed and spoken from any text: `Wörter zählen!` becomes `worter-zahlen`."""

from __future__ import annotations

import unicodedata

from mission_cli._support.lazy_re import pattern

_OTHER = pattern(r"[^a-z0-9]+")
_APOSTROPHES = dict.fromkeys(map(ord, "'\u2019\u02bc`\u00b4"))
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґў"
_CYRILLIC_ASCII = "a b v g d e zh z i y k l m n o p r s t u f kh ts ch sh shch  y  e yu ya i yi ye g u"
_GREEK = "αβγδεζηθικλμνξοπρσςτυφχψω"
_GREEK_ASCII = "a b g d e z i th i k l m n x o p r s s t y f ch ps o"
_LETTERS = dict(zip(map(ord, _CYRILLIC), _CYRILLIC_ASCII.split(" "), strict=True))
_LETTERS |= dict(zip(map(ord, _GREEK), _GREEK_ASCII.split(" "), strict=True))
_LETTERS |= {ord(a): b for a, b in {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l"}.items()}
_LETTERS |= {ord(a): b for a, b in {"þ": "th", "\u0131": "i", "ħ": "h", "ŋ": "ng", "&": " and ", "+": " plus "}.items()}


def slug(text: str, most: int) -> str:
    """Return the words of a text in lower-case ASCII letters and digits, joined by hyphens; "" if it has none.

    At most `most` characters: whole words, as many as fit; a single longer word is cut.
    """
    folded = text.casefold().translate(_APOSTROPHES).translate(_LETTERS)
    plain = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    words = [word for word in _OTHER.split(plain.translate(_LETTERS)) if word]
    name = ""
    for word in words:
        longer = f"{name}-{word}" if name else word[:most]
        if len(longer) > most:
            break
        name = longer
    return name
