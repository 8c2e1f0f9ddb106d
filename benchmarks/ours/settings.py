"""The reference site, its API without the throttle that a load would run into."""

from project.settings import *  # noqa: F403
from project.settings import REST_FRAMEWORK

REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_CLASSES": []}
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
