"""Managers change the words of messages, and see at once what a patient would read."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.access import Act, allowed, may
from reminders import rewording
from reminders.forms import WordingForm
from reminders.models import Channel
from reminders.queries.wording import fields_of, shelves
from reminders.rewording import Unlawful
from reminders.words import Language, Words, languages
from scheduling.views.request import Request


@never_cache
@require_safe
@allowed(Act.EDIT_WORDING)
def wordings(request: Request) -> HttpResponse:
    """All words, by what they are for."""
    context = {
        "shelves": shelves(),
        "languages": list(languages().values()),
        "may_see_outbox": may(user=request.user, act=Act.SEE_OUTBOX),
    }
    return render(request, "reminders/wordings.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_WORDING)
def wording(request: Request, wording: str, channel: str, code: str) -> HttpResponse:
    """The words for one purpose, channel and language. A POST looks at them, keeps them, or takes the shipped ones."""
    spoken = languages().get(code)
    shipped = rewording.shipped(wording=wording, channel=channel, spoken=spoken) if spoken else None
    if spoken is None or shipped is None:
        raise Http404("There are no such words.")
    if request.method != "POST":
        words, _ = rewording.current(wording=wording, channel=channel, spoken=spoken)
        return _page(request, wording, channel, spoken, words or shipped)
    form = WordingForm(request.POST)
    form.is_valid()
    words = Words(form.cleaned_data.get("body", ""), form.cleaned_data.get("subject", ""))
    do = request.POST.get("do", "look")
    if do == "reset":
        rewording.reset(wording=wording, channel=channel, spoken=spoken)
        messages.success(request, "The shipped words are in use again.")
        return redirect("outbox_wording", wording, channel, code)
    if do != "save":
        return _page(request, wording, channel, spoken, words)
    try:
        rewording.use(
            wording=wording,
            channel=channel,
            spoken=spoken,
            body=words.body,
            subject=words.subject,
            by=request.user,
        )
    except Unlawful:
        return _page(request, wording, channel, spoken, words, status=422)
    messages.success(request, "These words are in use from the next message on.")
    return redirect("outbox_wordings")


def _page(
    request: Request, wording: str, channel: str, spoken: Language, words: Words, *, status: int = 200
) -> HttpResponse:
    seen = rewording.preview(channel=channel, body=words.body, subject=words.subject, spoken=spoken)
    context: dict[str, Any] = {"seen": seen, "is_text": channel == Channel.SMS, "was_refused": status != 200}
    if request.htmx:
        return render(request, "reminders/wording_preview.html", context)
    _, row = rewording.current(wording=wording, channel=channel, spoken=spoken)
    context |= {"words": words, "row": row, **fields_of(wording=wording, channel=channel, code=spoken.code)}
    return render(request, "reminders/wording.html", context, status=status)
