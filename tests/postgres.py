"""A real PostgreSQL for the tests: its own cluster in a temporary folder, on loopback, gone at the end."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text


def _binaries() -> Path:
    for place in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (place / "initdb").exists():
            return place
    found = shutil.which("initdb")
    if found is None:
        raise RuntimeError("PostgreSQL is not installed: run `make system`")
    return Path(found).parent


def _run(*command: str) -> None:
    # PostgreSQL refuses to run as root; the package makes a `postgres` user for this.
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *command], check=True, stdout=subprocess.DEVNULL, cwd="/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Server:
    """A cluster of its own in a temporary folder."""

    folder: Path
    port: int
    fsync: bool

    @property
    def url(self) -> str:
        """The address of its `postgres` database."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        initdb = str(_binaries() / "initdb")
        _run(initdb, "-D", self._data, "-A", "trust", "-U", "postgres", "--encoding=UTF8", "--no-sync")

    def start(self) -> None:
        own = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        options = f"{own} -c fsync={'on' if self.fsync else 'off'}"
        _run(*self._control, "-o", options, "-w", "-l", str(self.folder / "log"), "start")

    def stop_at_once(self) -> None:
        """Stop without a checkpoint: the next start recovers from the write-ahead log."""
        _run(*self._control, "-m", "immediate", "stop")

    def kill(self) -> None:
        """Kill −9 the server and every process of it."""
        postmaster = int(Path(self._data, "postmaster.pid").read_text().split("\n", 1)[0])
        # Held still first: else it could start another process while they are listed.
        os.kill(postmaster, signal.SIGSTOP)
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        processes = [postmaster, *map(int, children)]
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        while any(map(_running, processes)):
            time.sleep(0.01)
        # Where nobody reaps orphans the dead server's number stays taken, and the next would take it for alive.
        for lock in (Path(self._data, "postmaster.pid"), self.folder / f".s.PGSQL.{self.port}.lock"):
            lock.unlink()

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    @property
    def _control(self) -> tuple[str, ...]:
        return (str(_binaries() / "pg_ctl"), "-D", self._data)


def _running(process: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def standing(fsync: bool = True) -> Iterator[Server]:
    """Yield a running cluster that may be stopped, killed and started again."""
    folder = Path(tempfile.mkdtemp(prefix="family-record-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    server = Server(folder, _free_port(), fsync)
    server.make()
    server.start()
    try:
        yield server
    finally:
        server.stop_at_once()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def cluster() -> Iterator[str]:
    """Yield the address of a running cluster's `postgres` database; nothing in it has to outlive a power cut."""
    with standing(fsync=False) as server:
        yield server.url


@contextmanager
def fresh_database(admin_url: str, name: str) -> Iterator[str]:
    """Yield the address of a new, empty database in that cluster."""
    admin = create_engine(admin_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        yield admin_url.rsplit("/", 1)[0] + f"/{name}"
    finally:
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        admin.dispose()
