"""The verbs of the router: one method for each method of HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aros_core.router import AnyHandler, BaseRouter, Metadata
from navaros.context import Context

if TYPE_CHECKING:
    from aros_core.registration import Registration

METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"})
"""The methods that have a verb; all others reach the routes of every method only."""


class Verbs(BaseRouter[AnyHandler[Context]]):
    """The registration of handlers under a path and a method.

    Each verb registers the handlers it is given, which run in turn through `ctx.next()`, and is a
    decorator that appends one more. `metadata` goes along in `route_descriptors()`, which lists the
    routes of the `public_` twins.
    """

    def get(
        self, path: str, /, *handlers: AnyHandler[Context], metadata: Metadata | None = None
    ) -> Registration:
        """Handle `GET`, and `HEAD` where no other route does, under a path."""
        return self.register(path, "GET", handlers, metadata=metadata)

    def post(
        self, path: str, /, *handlers: AnyHandler[Context], metadata: Metadata | None = None
    ) -> Registration:
        """Handle `POST` under a path."""
        return self.register(path, "POST", handlers, metadata=metadata)

    def put(
        self, path: str, /, *handlers: AnyHandler[Context], metadata: Metadata | None = None
    ) -> Registration:
        """Handle `PUT` under a path."""
        return self.register(path, "PUT", handlers, metadata=metadata)

    def patch(
        self, path: str, /, *handlers: AnyHandler[Context], metadata: Metadata | None = None
    ) -> Registration:
        """Handle `PATCH` under a path."""
        return self.register(path, "PATCH", handlers, metadata=metadata)

    def delete(
        self, path: str, /, *handlers: AnyHandler[Context], metadata: Metadata | None = None
    ) -> Registration:
        """Handle `DELETE` under a path."""
        return self.register(path, "DELETE", handlers, metadata=metadata)

    def options(
        self, path: str, /, *handlers: AnyHandler[Context], metadata: Metadata | None = None
    ) -> Registration:
        """Handle `OPTIONS` under a path."""
        return self.register(path, "OPTIONS", handlers, metadata=metadata)

    def head(
        self, path: str, /, *handlers: AnyHandler[Context], metadata: Metadata | None = None
    ) -> Registration:
        """Handle `HEAD` under a path."""
        return self.register(path, "HEAD", handlers, metadata=metadata)

    def all(
        self, path: str, /, *handlers: AnyHandler[Context], metadata: Metadata | None = None
    ) -> Registration:
        """Handle every method under a path."""
        return self.register(path, None, handlers, metadata=metadata)

    def public_get(
        self, path: str, /, *handlers: AnyHandler[Context], metadata: Metadata | None = None
    ) -> Registration:
        """Do what `get` does, and list the route in `route_descriptors()`."""
        return self.register(path, "GET", handlers, public=True, metadata=metadata)

    def public_post(
        self, path: str, /, *handlers: AnyHandler[Context], metadata: Metadata | None = None
    ) -> Registration:
        """Do what `post` does, and list the route in `route_descriptors()`."""
        return self.register(path, "POST", handlers, public=True, metadata=metadata)

    def public_put(
        self, path: str, /, *handlers: AnyHandler[Context], metadata: Metadata | None = None
    ) -> Registration:
        """Do what `put` does, and list the route in `route_descriptors()`."""
        return self.register(path, "PUT", handlers, public=True, metadata=metadata)

    def public_patch(
        self, path: str, /, *handlers: AnyHandler[Context], metadata: Metadata | None = None
    ) -> Registration:
        """Do what `patch` does, and list the route in `route_descriptors()`."""
        return self.register(path, "PATCH", handlers, public=True, metadata=metadata)

    def public_delete(
        self, path: str, /, *handlers: AnyHandler[Context], metadata: Metadata | None = None
    ) -> Registration:
        """Do what `delete` does, and list the route in `route_descriptors()`."""
        return self.register(path, "DELETE", handlers, public=True, metadata=metadata)

    def public_options(
        self, path: str, /, *handlers: AnyHandler[Context], metadata: Metadata | None = None
    ) -> Registration:
        """Do what `options` does, and list the route in `route_descriptors()`."""
        return self.register(path, "OPTIONS", handlers, public=True, metadata=metadata)

    def public_head(
        self, path: str, /, *handlers: AnyHandler[Context], metadata: Metadata | None = None
    ) -> Registration:
        """Do what `head` does, and list the route in `route_descriptors()`."""
        return self.register(path, "HEAD", handlers, public=True, metadata=metadata)

    def public_all(
        self, path: str, /, *handlers: AnyHandler[Context], metadata: Metadata | None = None
    ) -> Registration:
        """Do what `all` does, and list the route in `route_descriptors()`."""
        return self.register(path, None, handlers, public=True, metadata=metadata)
