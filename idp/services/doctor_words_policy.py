"""What the doctor says about scopes, policies, roles and the applied file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

from idp.domain.decision import Severity
from idp.services.doctor_code import Code, Words

ERROR, INFO, WARNING = Severity.ERROR, Severity.INFO, Severity.WARNING

WORDS: Mapping[Code, Words] = MappingProxyType(
    {
        Code.SCOPE_WITHOUT_POLICY: Words(
            WARNING,
            _("Scopes without a policy"),
            "The scope {subject} has no policy, so that UNPOLICED_SCOPES decides.",
            "Give it a policy.",
            "RFC 6749 §3.3",
        ),
        Code.SCOPE_WITHOUT_WORDS: Words(
            WARNING,
            _("Scopes without words"),
            "The scope {subject} has no words, so that people read its bare name.",
            "Write a title and a sentence of consequence.",
            "",
        ),
        Code.SCOPE_NOT_IN_CATALOGUE: Words(
            WARNING,
            _("Scopes of the settings that the catalogue lacks"),
            "OAUTH2_PROVIDER['SCOPES'] names {subject}, which is not in the catalogue.",
            "Add it to the catalogue with a policy, or remove it from the setting.",
            "RFC 6749 §3.3",
        ),
        Code.POLICY_FOR_NOBODY: Words(
            WARNING,
            _("Policies that nobody can meet"),
            "Nobody can meet the policy {subject}: {detail}.",
            "Correct the policy: the scopes that follow it are refused to everyone.",
            "RFC 6749 §3.3",
        ),
        Code.ROLE_MISSING: Words(
            INFO,
            _("Ready roles that do not exist"),
            "There is no group “{subject}”, so that permissions must be given one by one.",
            "Run “manage.py idp roles”.",
            "docs/reference/roles.md",
        ),
        Code.ROLE_CHANGED: Words(
            WARNING,
            _("Ready roles that may more or less than they should"),
            "The group “{subject}” differs from the role in the documentation: {detail}.",
            "Run “manage.py idp roles”, and put additions of your own into another group.",
            "docs/reference/roles.md",
        ),
        Code.PERMISSION_MISSING: Words(
            ERROR,
            _("Permissions that the database lacks"),
            "The permission {subject} is not in the database, so that nobody can be given it.",
            "Run “manage.py migrate”.",
            "docs/reference/roles.md",
        ),
        Code.FILE_UNREADABLE: Words(
            ERROR,
            _("The applied file cannot be read"),
            "{subject}: {detail}",
            "Correct the file; nothing of it can be applied.",
            "docs/reference/apply.md",
        ),
        Code.FILE_DRIFT: Words(
            WARNING,
            _("Entries of the applied file that the database does not match"),
            "{subject} would be changed by applying the file ({detail}): somebody edited it "
            "elsewhere, or the file is not applied yet.",
            "Look at the difference by “manage.py idp apply FILE --dry-run”, then apply the file "
            "or write the change into it.",
            "docs/reference/apply.md",
        ),
    }
)
