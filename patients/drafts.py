"""Files waiting to be imported: kept for an hour, for the one who uploaded them. The only writer of `ImportDraft`."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from clinic.models import User
from patients.models import ImportDraft

KEPT = timedelta(hours=1)


def keep(*, content: bytes, name: str, owner: User) -> ImportDraft:
    """Keep a file to look at. Older files, and the owner's earlier ones, are forgotten."""
    ImportDraft.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    ImportDraft.objects.filter(owner=owner).delete()
    return ImportDraft.objects.create(content=content, name=name[:120], owner=owner, created_at=timezone.now())


def find(*, draft_id: UUID, owner: User) -> ImportDraft | None:
    """The owner's file, unless its hour is over."""
    return ImportDraft.objects.filter(pk=draft_id, owner=owner, created_at__gte=timezone.now() - KEPT).first()


def forget(*, draft: ImportDraft) -> None:
    """Delete a file that is done with."""
    draft.delete()
