"""What is promised: the OpenAPI 3.1 documents that everything else is compiled from or judged by.

`honeyhive` is the mocked API, `control` is hivestand's own.
"""

from hivestand.openapi.document import DOCUMENTS, load, path_of
from hivestand.openapi.lint import lint

__all__ = ["DOCUMENTS", "lint", "load", "path_of"]
