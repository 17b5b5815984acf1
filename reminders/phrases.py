"""The words by which patients confirm, ask for another time and refuse texts: read by `reminders.understanding`.

All are written folded (small letters, no accents, no punctuation, "dont" for "don't"), as the texts are that they are
compared with. Phrases stand between commas; patterns one a line, TEXTS and MENSAJES stand for the many words for texts.
Pure: no Django, no database.
"""

import re


def _phrases(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.replace("\n", ",").split(",") if part.strip())


def _patterns(text: str) -> tuple[re.Pattern[str], ...]:
    lines = [line.strip() for line in text.splitlines()]
    return tuple(
        re.compile(line.replace("TEXTS", _TEXTS).replace("MENSAJES", _MENSAJES))
        for line in lines
        if line and not line.startswith("# ")
    )


_TEXTS = r"(?:text\w*|txt\w*|messag\w*|msg\w*|sms|contact\w*|reminder\w*|notif\w*|alert\w*)"
_MENSAJES = r"(?:mensaj\w+|texto\w*|sms|recordatorio\w*|avisos?)"

POLITE = _phrases("please, thanks, thank, you, ty, thx, now, already, gracias, por, favor, muchas, ya")

STOP = _phrases("""
    stop, stopall, stop all, end, quit, unsubscribe, revoke, opt out, optout, cancel, cancel all, cancelall
    remove, remove me, stop it, stop this, stop these, stop them, stop everything, stop all of this, no more, enough
    alto, parar, pare, paren, para, basta, baja, detener, cancelar, fin, no mas, salir
""")
"""Alone in a text they stop all texts, most of them by law."""

MAY_MEAN_THE_VISIT = _phrases("cancel, cancel all, cancelall, cancelar")
"""By law these stop the texts. Whoever writes them may have meant the visit, so somebody asks."""

START = _phrases("""
    start, unstop, resume, subscribe, opt in, optin, start again, start texts, text me again
    comenzar, empezar, iniciar, reanudar, alta, activar
""")

HELP = _phrases("""
    help, help me, info, information, who is this, whos this, who are you, who is texting, what is this
    ayuda, informacion, quien es, quien eres, quienes son, quien habla, que es esto
""")

ANOTHER_TIME = _phrases("""
    r, re schedule, resched, reschedule, change, change it, another time, another day, different time, different day
    n, no, nope, nah, i cant, no i cant, cant, cant come, cant make it, i cant make it, cancel it
    cambiar, cambiarla, cambio, reprogramar, otra hora, otro dia, no puedo, no puedo ir, no voy
""")

YES = _phrases("""
    c, y, yes, yeah, yep, yup, yea, ok, okay, k, kk, confirm, confirmed, confirming, sure, absolutely, definitely
    si, claro, confirmo, confirmar, confirmada, confirmado, vale
""")

WITH_YES = _phrases("""
    i, ill, will, be, there, see, u, we, are, im, am, coming, my, the, appointment, appt, visit, it, that, works, for
    me, good, great, sounds, perfect, all, set, then, so, very, much, sir, maam
    cita, mi, la, perfecto, bueno, estare, ahi, alli, voy, a, ire, nos, vemos
""")
"""What may stand beside a yes without making it less of one."""

COMING = _patterns(r"""
    \b(?:i|we) ?(?:ll|will) be there\b|\bsee (?:you|u) (?:there|then)\b|\b(?:im|i am) coming\b|\blooking forward to it\b
    \b(?:that works|works for me|sounds good|i confirm)\b|\b(?:ahi|alli) estare\b|\bsi voy\b|\balla nos vemos\b
""")
"""Ways to say yes in several words."""

REFUSALS = _patterns(r"""
    # Stop texting me; quit sending these reminders; end all messages. Not: I can't stop by; don't stop texting.
    (?<!dont |cant )(?<!not )\b(?:stop|quit|end|cease|halt|cancel)(?! (?:by|in|at|over)\b)(?: \w+){0,3} TEXTS
    (?<!dont )(?<!not )\b(?:stop|quit|cease) (?:\w+ )?(?:sending|send|writing|bothering|harassing|spamming)\b
    # Don't text me; do not message this number; never contact me again.
    \b(?:dont|do not|never|please no) (?:ever |you )?(?:call or )?(?:text|txt|message|msg|contact|sms)\b(?! back)
    \b(?:dont|do not|never) (?:ever )?send (?:me|any|these|this|more|texts)\b
    # I don't want these texts; no longer wish to get reminders; no more texts.
    \b(?:dont|do not|no longer|never) (?:want|need|wish|like|care)\b(?: \w+){0,6} TEXTS
    \bno longer (?:text|message|contact)
    \bno more (?:of )?(?:\w+ ){0,2}TEXTS
    \b(?:remove|take|delete|drop|erase) (?:me|us|my (?:\w+ )?number|this (?:\w+ )?number|my name)\b
    \b(?:lose|forget) (?:my|this) number\b
    (?<!dont want to )(?<!not want to )\b(?:unsubscribe|opt(?:ed|ing)? (?:me )?out|optout)\b
    \b(?:revok\w+|withdraw\w*) (?:my |all )?(?:consent|permission|authorization)
    \bleave me alone\b|\bfuck off\b
    # A number that changed hands must not be texted again.
    \bwrong (?:number|person|guy|lady)\b|\b(?:numero|persona) equivocad[oa]\b
    \b(?:deje|dejen|deja|dejar|pare|paren|parar) de (?:enviar|mandar|escribir|textear|recibir|molestar)\w*
    \bno (?:me |nos )?(?:envie|envien|mande|manden|escriba|escriban|textee|texteen|moleste|molesten|contacte)\b
    \b(?:no|ya no) (?:quiero|deseo|necesito)\b(?: \w+){0,4} MENSAJES
    \bno mas MENSAJES
    \b(?:dar|dar\s?me|de\s?me|denme|darme) de baja\b|\b(?:quiteme|quitenme|borre|borren|elimine|eliminen) (?:mi|de)\b
""")
"""Sentences that refuse texts."""

TEXTS_ARE_FINE = _patterns(r"""
    \b(?:text only|texts only|only text|just text|text me instead|prefer texts?|by text|texts are (?:fine|ok|good))\b
""")
"""Who says so refuses something else, mostly calls."""

REQUESTS = _patterns(r"""
    \bre ?sched\w*|\breprogram\w*|\bpostpone\w*|\bcancel\w*
    \b(?:another|other|different|new|later|earlier|better) (?:time|day|date|week|slot|appointment|hour)\b
    \b(?:move|change|switch|push|bump) (?:it|my|the|our|this|that|back|up)\b
    \b(?:can|could) (?:we|you|i) (?:please )?(?:move|change|switch|push)\b
    \b(?:need|have|want|like) to (?:move|change|switch|push)\b
    \b(?:cant|cannot|can not|wont|will not|couldnt) (?:be able to )?(?:make|come|stop by|be there|attend|get there)\b
    \b(?:unable|not able|not going) to (?:make|come|stop by|be there|attend|get there)\b
    \b(?:not coming|wont be coming|doesnt work|does not work|not available)\b
    \bno (?:puedo|podre)\b|\botro dia\b|\botra (?:hora|fecha)\b|\bcambiar (?:la|mi|de|el)\b
""")
"""Sentences of somebody who cannot come as planned."""

OUR_OFFER = re.compile(r"(?:reply )?stop (?:to opt out(?: of texts)?|no recibir textos|no textos)")
"""Our own words, which people send back with theirs."""
