"""The product's pages, and two that do nothing behind the same middleware."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path


def answer(request: HttpRequest) -> HttpResponse:
    """Only "ok", for somebody who is signed in."""
    return HttpResponse(f"ok {request.user.pk}")


def empty(request: HttpRequest) -> HttpResponse:
    """The base template with nothing in it."""
    return render(request, "base.html")


urlpatterns = [path("bench/ok/", answer), path("bench/empty/", empty), path("", include("clinic.urls"))]
