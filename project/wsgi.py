"""The site as a WSGI application."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from project.content_type import without_unreadable_types

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

application = without_unreadable_types(get_wsgi_application())

# What is loaded by now stays, so that the collector of garbage need not go through it again and
# again, and it looks for cycles less often.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 50)
