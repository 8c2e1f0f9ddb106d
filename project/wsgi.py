"""The site as a WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

from project.content_type import without_unreadable_types

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

application = without_unreadable_types(get_wsgi_application())
