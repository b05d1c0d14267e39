"""A text that a server is likely to spoil, if it does anything to texts at all."""

from typing import Final

LONG: Final = "long " * 60
AWKWARD: Final = f" Both CaSes  <b>&amp;</b> 'q' \"q\" \\ % $ {{}} a%20b+c &#39;\r\n\té e\u0301 \ufb01 😀\u200d\n{LONG}"
"""White space around it, HTML, quotes, escapes, letters in two normal forms, and one beyond UTF-16's first plane."""
