"""How far a typed word is from a name, counted in typing errors. Pure: no Django, no database."""


def errors_allowed(word: str) -> int:
    """How many typing errors a word of this length may hold and still mean a name."""
    return min((len(word) - 1) // 2, 1) if len(word) <= 4 else 2 if len(word) <= 7 else 3


def one_error_off(word: str) -> str:
    """A regular expression for the words that a word with one typing error may have been meant as.

    One letter mistaken, left out, added, or swapped with its neighbour.
    """
    places = range(len(word))
    mistaken = [f"{word[:i]}.{word[i + 1 :]}" for i in places]
    left_out = [f"{word[:i]}.{word[i:]}" for i in (*places, len(word))]
    added = [f"{word[:i]}{word[i + 1 :]}" for i in places]
    swapped = [f"{word[:i]}{word[i + 1]}{word[i]}{word[i + 2 :]}" for i in places[:-1]]
    return "|".join(dict.fromkeys([*mistaken, *left_out, *added, *swapped]))


def distance(words: tuple[str, ...], name: str) -> tuple[int, int] | None:
    """How far typed words are from a folded name, less is nearer; nothing when one of them is too far from all of it.

    Counts the errors of each word against the beginning of the nearest word of the name, then against all of it.
    """
    parts = name.split()
    to_beginnings = to_wholes = 0
    for word in words:
        to_beginning, to_whole = min(_errors(word, part) for part in parts) if parts else (len(word), len(word))
        if to_beginning > errors_allowed(word):
            return None
        to_beginnings += to_beginning
        to_wholes += to_whole
    return to_beginnings, to_wholes


def _errors(word: str, name: str) -> tuple[int, int]:
    """Letters left out, added, mistaken or swapped with a neighbour: against its nearest beginning and all of it."""
    last: list[int] = []
    row = list(range(len(name) + 1))
    for i, letter in enumerate(word, start=1):
        before, last, row = last, row, [i, *row[1:]]
        for j, other in enumerate(name, start=1):
            row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == name[j - 2] and word[i - 2] == other:
                row[j] = min(row[j], before[j - 2] + 1)
    return min(row), row[-1]
