"""The OpenAPI 3.1 documents that everything else is compiled from or judged by.

`honeyhive` is the mocked API, `control` is the admin API.
"""

from hivestand.openapi.document import DOCUMENTS, load, path_of
from hivestand.openapi.lint import lint

__all__ = ["DOCUMENTS", "lint", "load", "path_of"]
