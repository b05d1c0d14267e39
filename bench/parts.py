"""What it buys to replace a part of uvicorn or Connexion: requests a second with ours against with theirs."""

import sys
from collections.abc import Iterator
from pathlib import Path

from bench.apps.parts import PARTS
from bench.contenders import HIVESTAND_MEMORY, Command, Contender, serving
from bench.figure import Figure, at_least, ratios
from bench.session import body, script
from bench.wrk import rate

REACH = 1.05


def measure(folder: Path, rounds: int, seconds: float) -> Iterator[Figure]:
    """Each part, round by round in turn with none."""
    posting = script(folder, body())
    for part in PARTS:
        other = Contender(part, _command(part))
        ours: list[float] = []
        theirs: list[float] = []
        with serving(HIVESTAND_MEMORY, 0, folder) as one, serving(other, 0, folder) as two:
            for turn in range(rounds + 1):
                for server, rates in ((one, ours), (two, theirs)):
                    measured = rate(server.url, posting, seconds)
                    if turn:
                        rates.append(measured)
        yield at_least(f"requests/s, hivestand / with {part}", ratios(ours, theirs), REACH)


def _command(part: str) -> Command:
    return lambda port, _redis, _folder: [sys.executable, "-m", "bench.apps.parts", part, str(port)]
