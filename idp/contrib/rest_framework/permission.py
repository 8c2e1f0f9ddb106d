"""What a token must be allowed to do before a view runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.utils import timezone
from rest_framework.permissions import BasePermission, OperationHolderMixin

from idp.contrib.rest_framework.authentication import OAuth2Authentication, access_of
from idp.contrib.rest_framework.challenge import InsufficientAuthentication, InsufficientScope
from idp.domain.access import is_sign_in_enough
from idp.domain.authentication import Demand, demand
from idp.services.scope_use import record_access

if TYPE_CHECKING:
    from rest_framework.request import Request

    from idp.services.access import Access

Need = tuple[frozenset[str], ...]
"""Ways to satisfy a permission; each is a set of scopes that must all be there."""

EVERYTHING = "*"
_CLOSED = "No token opens this."
_CLIENTS_ONLY = "Only a client in its own name may do this."
_NO_NEEDS: Mapping[str, Need] = MappingProxyType({})


class HasScope(BasePermission):
    """Lets a token through that may do what the view needs; a view that names nothing is closed.

    ``HasScope.of("photos:read")`` goes into ``permission_classes``, and so does what the other
    constructors return. A missing scope is 403 ``insufficient_scope``; a scope whose policy wants a
    fresher or stronger sign-in than the token's is the challenge of RFC 9470.

    In ``A | B`` put ``HasScope`` last: it refuses by an error, so that the challenge is exact.

    Attributes:
        needs: what is needed, by ``view.action``, or by method in upper case, or by ``*``.
    """

    needs: ClassVar[Mapping[str, Need]] = _NO_NEEDS

    @classmethod
    def of(cls, *scopes: str) -> type[Self]:
        """Return a permission that needs every one of these scopes."""
        return cls._with({EVERYTHING: (frozenset(scopes),)})

    @classmethod
    def any_of(cls, *scopes: str) -> type[Self]:
        """Return a permission that needs one of these scopes."""
        return cls._with({EVERYTHING: tuple(frozenset({scope}) for scope in scopes)})

    @classmethod
    def per_action(cls, **needs: str | Iterable[str] | type[HasScope]) -> type[Self]:
        """Return a permission by the action of a view set; actions that are not named are closed.

        Args:
            needs: action to a scope, to scopes that are all needed, or to ``HasScope.any_of(…)``.
        """
        return cls._with({action: _need(value) for action, value in needs.items()})

    @classmethod
    def per_method(cls, **needs: str | Iterable[str] | type[HasScope]) -> type[Self]:
        """Return a permission by HTTP method; methods that are not named are closed, HEAD is GET.

        Args:
            needs: method in upper case to what ``per_action`` takes.
        """
        return cls._with({method.upper(): _need(value) for method, value in needs.items()})

    @classmethod
    def need(cls, view: Any, method: str) -> Need:
        """Return what a request needs; empty means that nobody gets through."""
        action = getattr(view, "action", None) or ""
        method = "GET" if method == "HEAD" else method
        for key in (action, method, EVERYTHING):
            if key in cls.needs:
                return cls.needs[key]
        return ()

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the token may do what the view needs.

        Raises:
            InsufficientScope: 403 ``insufficient_scope``.
            InsufficientAuthentication: 401 ``insufficient_user_authentication``.

        Source: RFC 6750 §3.1; RFC 9470 §3.
        """
        access = access_of(request)
        if access is None:
            return False
        ways = self.need(view, request.method or "")
        satisfied = [way for way in ways if way <= access.effective]
        if not satisfied:
            if not ways:
                raise InsufficientScope(_metadata(request), description=_CLOSED)
            raise InsufficientScope(_metadata(request), scopes=ways[0])
        way = _demand_sign_in(access, satisfied, _metadata(request))
        record_access(access, way, now=timezone.now())
        return True

    @classmethod
    def _with(cls, needs: Mapping[str, Need]) -> type[Self]:
        if not all(need and all(need) for need in needs.values()):
            raise ValueError("a permission needs at least one scope")
        return type(cls.__name__, (cls,), {"needs": MappingProxyType(dict(needs))})


class FreshSignIn(OperationHolderMixin, BasePermission):
    """Lets a token through whose user signed in lately, or strongly enough.

    ``FreshSignIn(max_age=timedelta(minutes=5), acr=("urn:example:mfa",))`` goes into
    ``permission_classes`` as it is. A token of a client in its own name has no sign-in, so it is
    refused.
    """

    def __init__(self, *, max_age: timedelta | None = None, acr: Iterable[str] = ()) -> None:
        """Take what is demanded.

        Args:
            max_age: oldest sign-in that will do; None means any.
            acr: authentication contexts that will do; empty means any.
        """
        self.wanted = Demand(max_age, (acr,) if isinstance(acr, str) else tuple(acr))

    def __call__(self) -> Self:
        """Return itself where the framework expects a class."""
        return self

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the sign-in behind the token will do.

        Raises:
            InsufficientAuthentication: 401 ``insufficient_user_authentication``.

        Source: RFC 9470 §3.
        """
        access = access_of(request)
        if access is None:
            return False
        if not _is_enough(access, self.wanted):
            raise _too_weak(self.wanted, _metadata(request))
        return True


class IsClient(BasePermission):
    """Lets a token through that a client holds in its own name, without a user."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the token stands for no user.

        Raises:
            InsufficientScope: 403 ``insufficient_scope``; no scope would help.

        Source: RFC 6749 §4.4; RFC 6750 §3.1.
        """
        access = access_of(request)
        if access is not None and access.user is not None:
            raise InsufficientScope(_metadata(request), description=_CLIENTS_ONLY)
        return access is not None


def _need(value: str | Iterable[str] | type[HasScope]) -> Need:
    if isinstance(value, type):
        return value.needs[EVERYTHING]
    return (frozenset({value} if isinstance(value, str) else value),)


def _demand_sign_in(
    access: Access, ways: Sequence[frozenset[str]], metadata: str
) -> frozenset[str]:
    """Enforce what the policies say of the sign-in, and return the way that is open.

    Raises:
        InsufficientAuthentication: none of the satisfied ways is.
    """
    if access.user is None or not access.enforcing:
        return ways[0]
    demands = [demand(access.catalogue, way) for way in ways]
    for way, one in zip(ways, demands, strict=True):
        if one.satisfiable and _is_enough(access, one):
            return way
    raise _too_weak(demands[0], metadata)


def _is_enough(access: Access, wanted: Demand) -> bool:
    return is_sign_in_enough(
        access.sign_in, max_age=wanted.max_age, acr_values=wanted.acr_values, now=timezone.now()
    )


def _too_weak(wanted: Demand, metadata: str) -> InsufficientAuthentication:
    return InsufficientAuthentication(
        max_age=wanted.max_age, acr_values=wanted.acr_values, metadata=metadata
    )


def _metadata(request: Request) -> str:
    """Return where the API's metadata is, as its own authentication class says."""
    for authenticator in request.authenticators or ():
        if isinstance(authenticator, OAuth2Authentication):
            return authenticator.metadata(request)
    return ""
