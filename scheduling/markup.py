"""Small pieces of HTML for what a page shows a hundred times: there a template takes most of the page's time.

Everything goes through `format_html` or `conditional_escape`: whatever is put in is escaped.
"""

from collections.abc import Iterable
from functools import cache, lru_cache

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from scheduling.queries.dose import Fit

NOTHING = SafeString("")


@cache
def icon(name: str) -> SafeString:
    """One of the icons of `partials/icons.html`."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="#icon-{}"></use></svg>', name)


@lru_cache(maxsize=256)
def fit(one: Fit) -> SafeString:
    """How something suits or stands: an icon and a word, as in `scheduling/fit.html`."""
    return format_html('<span class="fit fit-{}">{}{}</span>', one.css, icon(one.icon), one.word)


def joined(pieces: Iterable[SafeString]) -> SafeString:
    """Pieces one after another."""
    return SafeString("".join(map(conditional_escape, pieces)))
