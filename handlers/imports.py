"""Import modules of other packages without what they import for uses that there are none of here.

A start takes as long as what it imports, and much of that is never used. Behind the blocks below nothing is left of
what they do: whoever imports the same packages has them whole.
"""

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """Stands for a module that is imported when something of it is used, which may be never."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _LaterValue(self.__name__, name)


class _LaterValue:
    """Stands for a class or a function of such a module. It can be called, and named in an annotation."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._value()(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._value(), name)

    def _value(self) -> Any:
        if isinstance(sys.modules.get(self._module), _Later):
            del sys.modules[self._module]
        return getattr(importlib.import_module(self._module), self._name)


@contextmanager
def without(*unused: str) -> Iterator[None]:
    """In the block, these modules are imported in name only, unless they were imported before or are not installed."""
    later = {name: _Later(name) for name in unused if name not in sys.modules and _is_installed(name)}
    sys.modules.update(later)
    try:
        yield
    finally:
        for name, module in later.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


@contextmanager
def parts_of(package: str, subpackages: Sequence[str] = ()) -> Iterator[None]:
    """In the block, modules of the package are imported without its `__init__` and without those of `subpackages`.

    Whoever imports the package later has modules of its own. If it was imported before, the block uses that.
    """
    if package in sys.modules:
        yield
        return
    try:
        for name in (package, *subpackages):
            spec = find_spec(name)
            if spec is None:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            sys.modules[name] = module_from_spec(spec)
        yield
    finally:
        for name in [each for each in sys.modules if each == package or each.startswith(f"{package}.")]:
            del sys.modules[name]


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # of a package that it is in
        return False
