"""People in the admin, as a site registers them."""

from django.contrib import admin

from tests.dropin.hosts.accounts.models import Person

admin.site.register(Person)
