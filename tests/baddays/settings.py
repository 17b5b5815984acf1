"""The product's settings, with the secret of the tests, which sign in, and a web worker that can be killed."""

import os

from clinic.settings import *  # noqa: F403
from clinic.settings import MIDDLEWARE

SECRET_KEY = os.environ["SECRET_KEY"]
MIDDLEWARE = ["tests.baddays.dying.DyingMiddleware", *MIDDLEWARE]
