"""Which providers there are, and which one is in use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tools.llm.configured import configured
from tools.llm.provider import Provider


class Registry:
    """Providers by name, one of them (or none) in use; until one is chosen, the model that LLM_MODEL names."""

    def __init__(self) -> None:
        self._providers: dict[str, Provider] = {}
        self._used: str | None = None
        self._chosen = False

    @property
    def names(self) -> list[str]:
        """Return the names of the registered providers, sorted."""
        return sorted(self._providers)

    @property
    def current(self) -> Provider | None:
        """Return the provider in use; None when the heuristics answer."""
        if not self._chosen:
            return configured()
        return None if self._used is None else self._providers[self._used]

    def register(self, provider: Provider) -> None:
        """Add a provider; it is not in use before `use()`.

        Raises:
            ValueError: its name is empty or already taken.
        """
        if not provider.name:
            raise ValueError("A provider needs a name that is not empty.")
        if provider.name in self._providers:
            raise ValueError(f"A provider named {provider.name!r} is registered already.")
        self._providers[provider.name] = provider

    def use(self, name: str | None) -> None:
        """Let this provider answer from now on, whatever LLM_MODEL says; None goes back to the heuristics.

        Raises:
            LookupError: no provider has this name.
        """
        if name is not None and name not in self._providers:
            known = ", ".join(self.names) or "none"
            raise LookupError(f"No provider is named {name!r}. Registered: {known}.")
        self._used, self._chosen = name, True

    @contextmanager
    def using(self, name: str | None) -> Iterator[None]:
        """Let this provider, or with None the heuristics, answer for a while, as `use`."""
        before = self._used, self._chosen
        self.use(name)
        try:
            yield
        finally:
            self._used, self._chosen = before


registry = Registry()
"""The process's own registry, which `answer()` asks unless it is given another."""
