"""The product's settings, with the secret and passwords of the tests, and a web worker that can be killed."""

import os

from clinic.settings import *  # noqa: F403
from clinic.settings import MIDDLEWARE

SECRET_KEY = os.environ["SECRET_KEY"]
MIDDLEWARE = ["tests.baddays.dying.DyingMiddleware", *MIDDLEWARE]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
