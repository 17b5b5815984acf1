"""What real people text back, and what we take it for."""

import pytest

from reminders.understanding import Sense, understand


def texts(lines: str) -> list[str]:
    """Texts, divided by | and by lines."""
    return [text for line in lines.strip().splitlines() for text in line.split("|")]


STOPS_AT_ONCE = texts("""
STOP|stop|Stop.|STOPALL|Stop all|END|end|Quit|UNSUBSCRIBE|Revoke|OPT OUT|OptOut|opt-out|stop please|Please stop|STOP!!!
stop it|ALTO|Parar|pare|basta|¡Basta!|¡ya basta!|no más|Stop thank you|stop now|“STOP”|  Stop
""")

STOPS_AND_IS_READ = texts("""
CANCEL|cancel please|Cancelar|Please stop texting me|stop texting me!!|Stop sending me these messages|don't text me
Don’t text me anymore|Do not text this number|do not message me|never text me again|I don't want these texts
i no longer want to receive reminders|no more texts please|No more messages|take me off your list
remove me from this list|Stop contacting me|cease all messages|Please stop sending|stop bothering me
Please remove my number|lose my number|unsubscribe me please|I want to opt out|I'd like to opt out of these texts
I revoke my consent|leave me alone|wrong number|You have the wrong number|Sorry wrong person|STOP I told you already
quit texting|Can you stop the text messages?|Please cancel these text reminders|deje de mandarme mensajes
No me envíen más mensajes|ya no quiero recibir mensajes|no más textos|quiero darme de baja|número equivocado
no quiero más mensajes de texto|Dejen de escribirme
""")

YES = texts("""
C|c|C.|(C)|c thanks|Y|Yes|YES!|yes thank you|Yep|yeah|ok|Okay|Confirm|confirmed|I confirm|Yes I'll be there
I'll be there|I will be there|see you then|Yes, see you there!|Sí|si|Sí, gracias|Confirmo|👍|👍🏽|✅|ok thanks
C thank you so much|yes that works|Sounds good|ahí estaré|Si voy|Sí, confirmo mi cita
""")

WANTS_ANOTHER_TIME = texts("""
R|r|R please|reschedule|Re-schedule|No|no thanks|nope|Can't make it|I can't stop by Tuesday, can we move it?
I need to cancel|cancel my appointment|Please cancel my appointment|I have to cancel my visit on Tuesday|Cancel Tuesday
can I come another day?|Is there a different time?|could we do a later time|I won't be able to make it|not coming
yes but can we change it to Friday|no puedo ir|¿Puedo cambiar la cita?|otro día por favor|necesito cancelar mi cita
cancel it|I can't come, my car broke down|cannot come|Need to reschedule, sick kid|Please postpone|can we move it?
""")

ASKS_WHO = texts("HELP|help|Info|AYUDA|Who is this?|who is this|¿Quién es?|help please")

RESUMES = texts("START|start|UNSTOP|Unstop please|resume|comenzar")

FOR_PEOPLE_TO_READ = texts("""
What should I bring?|Where do I park?|I can stop by at 3|Should I stop my vitamins before?|stop by at 9 then?
Don't stop texting me, I need it|Do I need to stop taking aspirin|I have a fever|C or R? not sure|C R|yes?|ok?
Don't call me, text only|I didn't get your text yesterday|running 10 min late|Will you be there?|STOP BY AT NOON?
Liked “Northside Clinic: visit Tue Dec 8, 9:15 AM. Reply C to confirm or R to change. Reply STOP to opt out of texts.”
👍 to “Northside Clinic: visit Tue Dec 8. Reply STOP to opt out of texts.”|the end of the hall?|When does it end?
I'm driving with Do Not Disturb While Driving turned on. I'll see your message when I get where I'm going.
Thank you|gracias|asdf|3|Does the parking ramp stop charging after 5?|Ten cuidado|Help I cannot find the door
""")


@pytest.mark.parametrize("text", STOPS_AT_ONCE)
def test_every_lawful_word_stops_texts(text: str) -> None:
    understood = understand(text)
    assert (understood.sense, understood.for_people) == (Sense.STOP, False)


@pytest.mark.parametrize("text", STOPS_AND_IS_READ)
def test_free_words_that_refuse_texts_stop_them_and_are_read_by_people(text: str) -> None:
    understood = understand(text)
    assert (understood.sense, understood.for_people) == (Sense.STOP, True)


@pytest.mark.parametrize("text", YES)
def test_a_plain_yes_confirms(text: str) -> None:
    understood = understand(text)
    assert (understood.sense, understood.for_people) == (Sense.CONFIRM, False)


@pytest.mark.parametrize("text", WANTS_ANOTHER_TIME)
def test_who_cannot_come_wants_another_time_and_keeps_getting_texts(text: str) -> None:
    understood = understand(text)
    assert (understood.sense, understood.for_people) == (Sense.ANOTHER_TIME, True)


@pytest.mark.parametrize("text", ASKS_WHO)
def test_who_asks_gets_an_answer(text: str) -> None:
    assert understand(text).sense == Sense.HELP


@pytest.mark.parametrize("text", RESUMES)
def test_start_resumes(text: str) -> None:
    assert understand(text).sense == Sense.START


@pytest.mark.parametrize("text", [*FOR_PEOPLE_TO_READ, "", "   "])
def test_what_is_not_clear_is_for_people_to_read(text: str) -> None:
    understood = understand(text)
    assert (understood.sense, understood.for_people) == (Sense.OTHER, True)
