"""Several workers on one socket, as processes."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import redis
from support import HIVESTAND, SESSION_ID, Running, children, running

LISTENING = "hivestand is listening on http://127.0.0.1:"


def workers_of(server: Running) -> set[int]:
    """The processes that the parent has started and that live."""
    return children(server.process.pid)


def is_serving(worker: int) -> bool:
    """Whether a worker has come as far as to listen to SIGTERM; before, it blocks what it has from its parent."""
    status = Path(f"/proc/{worker}/status").read_text(encoding="ascii")
    masks = {name: int(value, 16) for name, value in re.findall(r"^(Sig\w+):\s+(\w+)$", status, re.MULTILINE)}
    number = signal.SIGTERM - 1
    return bool(masks["SigCgt"] >> number & 1) and not masks["SigBlk"] >> number & 1


def wait_for(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_free(address: tuple[str, int]) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(address) != 0


def test_workers_serve_one_store(redis_url: str) -> None:
    """Whichever of them answers, the session is one."""
    with running("--workers", "3", "--store", redis_url) as server:
        wait_for(lambda: len(workers_of(server)) == 3)
        responses = [
            server.post({"session_id": SESSION_ID, "metadata": {str(n): n}}, token="workers") for n in range(30)
        ]
        assert {str(n): n for n in range(30)} == responses[-1].json()["metadata"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_worker_that_ends_is_replaced(redis_url: str, tmp_path: Path, number: signal.Signals) -> None:
    """The others serve on, and one line says so."""
    errors = tmp_path / "stderr"
    with errors.open("w") as stderr, running("--workers", "2", "--store", redis_url, stderr=stderr) as server:
        wait_for(lambda: len(workers_of(server)) == 2)
        victim, other = workers_of(server)
        wait_for(lambda: is_serving(victim))
        os.kill(victim, number)
        wait_for(lambda: victim not in workers_of(server))
        assert [200] * 10 == [server.post({}).status_code for _ in range(10)]
        wait_for(lambda: len(workers_of(server)) == 2)
        assert other in workers_of(server)
        assert [200] * 10 == [server.post({}).status_code for _ in range(10)]
    how = "status 0" if number == signal.SIGTERM else number.name
    said = [line for line in errors.read_text(encoding="utf-8").splitlines() if "warning" not in line]
    assert [f"hivestand: worker {victim} ended with {how} and is replaced"] == said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_they_end_together(redis_url: str, number: signal.Signals) -> None:
    """Status 0, one line in all, and the port is free."""
    with running("--workers", "2", "--store", redis_url) as server:
        wait_for(lambda: len(workers_of(server)) == 2)
        workers = workers_of(server)
        server.process.send_signal(number)
        assert server.process.wait(timeout=20) == 0
        assert server.process.stdout is not None
        assert server.process.stdout.read() == ""
        assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
        assert is_free(server.address)


def test_an_interrupt_of_the_whole_group_ends_them(redis_url: str) -> None:
    """A terminal sends SIGINT to parent and workers alike."""
    command = [str(HIVESTAND), "serve", "--port", "0", "--workers", "2", "--store", redis_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(LISTENING)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=20) == 0


def test_a_signal_at_any_moment_of_the_start_ends_them(redis_url: str) -> None:
    """While workers are forked, too."""
    for pause in (0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8):
        command = [str(HIVESTAND), "serve", "--port", "0", "--workers", "4", "--store", redis_url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
            time.sleep(pause)
            process.terminate()
            process.wait(timeout=20)
            with pytest.raises(ProcessLookupError):
                os.killpg(process.pid, 0)


def test_a_signal_while_workers_are_forked_ends_all_of_them(redis_url: str) -> None:
    """None is started behind its back."""
    for _ in range(3):
        command = [str(HIVESTAND), "serve", "--port", "0", "--workers", "12", "--store", redis_url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
            wait_for(lambda process=process: bool(children(process.pid)))  # type: ignore[misc] # bound as it stands
            process.terminate()
            assert process.wait(timeout=20) == 0
            with pytest.raises(ProcessLookupError):
                os.killpg(process.pid, 0)


def test_an_interrupt_of_the_whole_group_lets_answers_finish(redis_url: str, redis_client: redis.Redis) -> None:
    """The workers leave it to their parent, which tells them once."""
    command = [str(HIVESTAND), "serve", "--port", "0", "--workers", "2", "--store", redis_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        server = Running(process.stdout.readline().split()[-1], process)
        assert server.post({}).status_code == 200
        redis_client.client_pause(1000, all=False)
        with ThreadPoolExecutor() as threads:
            response = threads.submit(server.post, {})
            time.sleep(0.3)
            os.killpg(process.pid, signal.SIGINT)
            assert response.result().status_code == 200
        assert process.wait(timeout=20) == 0


def test_no_worker_outlives_its_parent(redis_url: str) -> None:
    """Killed as nobody can prevent, the parent leaves no process behind on its port."""
    with running("--workers", "2", "--store", redis_url) as server:
        wait_for(lambda: len(workers_of(server)) == 2)
        server.process.kill()
        wait_for(lambda: is_free(server.address))


def test_a_process_that_is_no_worker_may_end(redis_url: str) -> None:
    """Such as one that a shell had started before it became the server: as in a container."""
    command = f"sleep 1 & exec {HIVESTAND} serve --port 0 --workers 2 --store {redis_url}"
    with subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        server = Running(process.stdout.readline().split()[-1], process)
        wait_for(lambda: len(workers_of(server)) == 2)
        time.sleep(1)
        assert [200] * 5 == [server.post({}).status_code for _ in range(5)]
        assert len(workers_of(server)) == 2
        process.terminate()
        assert process.wait(timeout=20) == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_nobody_is_let_in_while_the_last_responses_are_finished(
    redis_url: str, redis_client: redis.Redis, workers: int
) -> None:
    """A new connection is refused at once, and not left to wait and then reset."""
    with running("--workers", str(workers), "--store", redis_url) as server:
        wait_for(lambda: workers == 1 or len(workers_of(server)) == workers)
        assert server.post({}).status_code == 200
        redis_client.client_pause(1500, all=False)
        with ThreadPoolExecutor() as threads:
            response = threads.submit(server.post, {})
            time.sleep(0.3)
            server.process.terminate()
            wait_for(lambda: is_free(server.address))
            assert not response.done()
            assert response.result().status_code == 200


def test_metrics_that_cannot_be_written_hold_nothing_up(redis_url: str, tmp_path: Path) -> None:
    """The folder for temporary files may be cleaned, or be read-only: control calls go on, and requests."""
    errors = tmp_path / "stderr"
    folder = tmp_path / "temporary"
    folder.mkdir()
    options = ("--workers", "2", "--store", redis_url)
    with errors.open("w") as stderr, running(*options, stderr=stderr, env={"TMPDIR": str(folder)}) as server:
        assert server.post({}).status_code == 200
        shutil.rmtree(folder)
        folder.write_text("no folder", encoding="utf-8")
        for _ in range(3):
            assert httpx.get(f"{server.url}/__admin/metrics").status_code == 200
            assert httpx.post(f"{server.url}/__admin/faults", json={"kind": "empty", "times": 1}).status_code == 201
            assert server.post({}).status_code == 200
    said = errors.read_text(encoding="utf-8")
    assert "a bug" not in said
    assert 1 <= said.count("metrics of this worker cannot be written") <= 2


def test_it_starts_where_no_temporary_file_can_be_written(redis_url: str, tmp_path: Path) -> None:
    """As on a read-only root file system."""
    program = (
        "import tempfile; from hivestand.server import run; from hivestand.server.cli import main\n"
        "def refuse(*_, **__): raise OSError(30, 'Read-only file system')\n"
        "run.TemporaryDirectory = refuse; main()"
    )
    errors = tmp_path / "stderr"
    command = [sys.executable, "-c", program, "serve", "--port", "0", "--workers", "2", "--store", redis_url]
    with (
        errors.open("w") as stderr,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True) as process,
    ):
        assert process.stdout is not None
        server = Running(process.stdout.readline().split()[-1], process)
        assert server.post({}).status_code == 200
        assert httpx.get(f"{server.url}/__admin/metrics").status_code == 200
        process.terminate()
        assert process.wait(timeout=20) == 0
    assert "each worker reports its own metrics alone" in errors.read_text(encoding="utf-8")


def test_a_clock_that_steps_back_does_not_hold_up_the_control_api(redis_url: str, redis_client: redis.Redis) -> None:
    """A worker that died before Redis's clock stepped back has a lease that never ends; nobody waits for it."""
    with running("--store", redis_url) as server:
        assert server.post({}).status_code == 200
        far = 10**14  # Unix milliseconds
        redis_client.hset("hivestand:{plans}:workers", "dead", f"0-1 {far}")
        response = httpx.post(f"{server.url}/__admin/faults", json={"kind": "empty", "times": 1}, timeout=30)
        assert response.status_code == 201
        assert not redis_client.hexists("hivestand:{plans}:workers", "dead")
        assert httpx.delete(f"{server.url}/__admin/faults").status_code == 200  # it is armed for all on this Redis
