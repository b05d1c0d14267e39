"""Import some modules of a package without all that the package imports for other users of it."""

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
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def parts_of(package: str, subpackages: Sequence[str] = (), unused: Sequence[str] = ()) -> Iterator[None]:
    """In the block, modules of the package are imported without its `__init__` and without those of `subpackages`.

    `unused` are other modules that they import by name, and that are only imported when they are used. Behind the block
    nothing of this is left: whoever imports the package then has it whole, in modules of its own. If the package was
    imported before, the block uses that.
    """
    if package in sys.modules:
        yield
        return
    later = {name: _Later(name) for name in unused if name not in sys.modules}
    sys.modules.update(later)
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
        for name, module in later.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
