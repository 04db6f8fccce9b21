"""The routes, one module a subject: each that has a `router` is part of the application."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from fastapi import APIRouter


def routers() -> list[APIRouter]:
    """Return the routers of all modules here, by the names of these."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return [module.router for module in modules if hasattr(module, "router")]
