"""One box that finds patients: by name with typing errors, date of birth, phone number or MRN."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import (
    Case,
    Exists,
    F,
    FloatField,
    Func,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Upper
from django.utils import timezone

from clinic.models import Clinic
from patients.likeness import distance, errors_allowed, one_error_off
from patients.models import ContactKind, ContactPoint, Patient, PlanStatus, TreatmentPlan
from patients.terms import Terms, read

LEAST_LIKENESS = 0.33
"""The share of a typed word's trigrams that must be in a name to look at it closer: `smyth` finds Smith."""

SHORT_WORD = 5
"""In a word of so few letters one error leaves hardly a trigram in place: one-error words are looked for themselves."""

CANDIDATES = 100
"""How many names with the most trigrams in common are looked at closer."""

MOST_ALIKE = 8
"""How many merely similar names are shown below the ones that match."""

_Candidate = tuple[int, str, bool]


@dataclass(frozen=True, slots=True)
class Found:
    """A patient that fits what was typed, with what tells two people of one name apart."""

    patient: Patient
    plans: tuple[TreatmentPlan, ...]
    phone: str
    age: int
    is_only_similar: bool


def search(*, text: str, clinics: Collection[Clinic], limit: int = 20) -> list[Found]:
    """The patients of some clinics that fit a text, best first; nothing when the text is too short to mean anyone.

    An MRN, phone number or date of birth that fits comes first, then names that begin as typed, then names that are
    only similar. Six queries and a savepoint at most, however many are found.
    """
    today = timezone.localdate()
    terms = read(text, today=today)
    if not terms.is_enough or not clinics:
        return []
    theirs = Patient.objects.filter(home_clinic__in=[clinic.pk for clinic in clinics])
    if terms.has_identifier:
        theirs = theirs.filter(pk__in=_with_identifier(terms))
    exact = _begins_as_typed(theirs, terms)[:limit]
    ids = list(exact.values_list("pk", flat=True))
    similar = _similar(theirs, terms, limit=min(limit - len(ids), MOST_ALIKE), without=ids)
    return list(_found(ids, similar, today))


def _with_identifier(terms: Terms) -> QuerySet[Any, Any]:
    """Ids of everyone who has one of the numbers. A union, so that each part uses its own index."""
    parts: list[QuerySet[Any, Any]] = []
    if terms.mrns:
        parts.append(Patient.objects.annotate(key=Upper("mrn")).filter(key__in=terms.mrns).values_list("pk"))
    if terms.birth_dates:
        parts.append(Patient.objects.filter(birth_date__in=terms.birth_dates).values_list("pk"))
    if terms.digits:
        phones = ContactPoint.objects.exclude(kind=ContactKind.EMAIL).filter(value__endswith=terms.digits)
        parts.append(phones.values_list("patient"))
    if terms.email:
        parts.append(ContactPoint.objects.filter(value__startswith=terms.email).values_list("patient"))
    unordered = [part.order_by() for part in parts]
    return unordered[0].union(*unordered[1:]) if len(unordered) > 1 else unordered[0]


def _begins_as_typed(patients: QuerySet[Patient], terms: Terms) -> QuerySet[Patient]:
    """Those whose names begin with the typed words, whole words and family names first; MRN before the rest."""
    for word in terms.names:
        patients = patients.filter(search_name__contains=f" {word}")
    return patients.annotate(
        by_identifier=_identifier_rank(terms),
        whole_words=_count_of(Q(search_name__contains=f" {word} ") for word in terms.names),
        family_first=_count_of(Q(search_name__startswith=f" {word}") for word in terms.names),
    ).order_by("by_identifier", "-is_active", "-whole_words", "-family_first", "family_name", "given_name", "pk")


def _identifier_rank(terms: Terms) -> Case | Value:
    ranks = [When(mrn__in=terms.mrns, then=Value(0))] if terms.mrns else []
    if terms.digits:
        phone = ContactPoint.objects.filter(patient=OuterRef("pk"), value__endswith=terms.digits)
        ranks.append(When(Exists(phone), then=Value(1)))
    return Case(*ranks, default=Value(2)) if ranks else Value(2)


def _count_of(conditions: Iterable[Q]) -> CombinedExpression | Value:
    total: CombinedExpression | Value = Value(0)
    for condition in conditions:
        total = total + Case(When(condition, then=1), default=0, output_field=IntegerField())
    return total


def _similar(patients: QuerySet[Patient], terms: Terms, *, limit: int, without: list[int]) -> list[int]:
    """Ids of those whose names are like the typed words, the fewest typing errors first."""
    if limit <= 0 or not terms.names:
        return []
    others = patients.exclude(pk__in=without)
    candidates = _with_one_error(others, terms.names)
    if len(candidates) < limit:
        candidates |= _with_trigrams_in_common(others, terms.names)
    near = [
        (*errors, not is_active, name, pk)
        for pk, name, is_active in candidates
        if (errors := distance(terms.names, name)) is not None
    ]
    return [pk for *_, pk in sorted(near)[:limit]]


def _with_one_error(patients: QuerySet[Patient], words: Iterable[str]) -> set[_Candidate]:
    """Those whose names begin as the words do, where a short word may be a whole name with one error in it."""
    for word in words:
        if errors_allowed(word) and len(word) <= SHORT_WORD:
            patients = patients.filter(search_name__regex=f" ({word}|({one_error_off(word)}) )")
        else:
            patients = patients.filter(search_name__contains=f" {word}")
    # In the order of a column without a plain index, or the planner walks that index instead of the trigrams'.
    return set(patients.order_by("search_name").values_list("pk", "search_name", "is_active")[:CANDIDATES])


def _with_trigrams_in_common(patients: QuerySet[Patient], words: Iterable[str]) -> set[_Candidate]:
    """Those whose names have the most trigrams in common with the words."""
    likeness: CombinedExpression | Value = Value(0.0)
    for word in words:
        if errors_allowed(word):
            patients = patients.filter(IsLike(Value(word), F("search_name")))
        else:
            patients = patients.filter(search_name__contains=f" {word}")
        likeness = likeness + Likeness(Value(word), F("search_name"))
    ranked = patients.annotate(likeness=likeness).order_by("-likeness", "-is_active", "pk")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(LEAST_LIKENESS)])
        return set(ranked.values_list("pk", "search_name", "is_active")[:CANDIDATES])


class IsLike(Func):
    """SQL: enough of a word's trigrams are found together in a text. Uses the trigram index."""

    arity = 2
    arg_joiner = " <%% "
    template = "(%(expressions)s)"
    conditional = True


class Likeness(Func):
    """SQL: the share of a word's trigrams that are found together in a text, 0 to 1."""

    function = "strict_word_similarity"
    arity = 2
    output_field = FloatField()


def _found(ids: list[int], similar: list[int], today: date) -> Iterator[Found]:
    current = TreatmentPlan.objects.exclude(status=PlanStatus.ENDED).select_related("therapy")
    people = (
        Patient.objects.select_related("home_clinic")
        .prefetch_related("contact_points", Prefetch("plans", current, to_attr="current_plans"))
        .in_bulk([*ids, *similar])
    )
    for pk in (*ids, *similar):
        if patient := people.get(pk):
            phones = (point for point in patient.contact_points.all() if point.kind != ContactKind.EMAIL)
            yield Found(
                patient=patient,
                plans=tuple(patient.current_plans),
                phone=str(next(phones, "")),
                age=patient.age(on=today),
                is_only_similar=pk in similar,
            )
