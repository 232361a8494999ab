"""What the servers have in common: a directory, a port, a process that is started, stopped, killed and started again."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path

READY_SECONDS = 60
STOP_SECONDS = 60
POLL_SECONDS = 0.05

# Below the range from which Linux takes the ports of outgoing connections (32768 and up). Within it, a client that tries
# again and again to reach a server that was killed may be given the server's own port, and connects to itself.
PORTS = range(20_000, 32_000)


class ServerError(Exception):
    """A server did not do what it was told."""


class Server(ABC):
    """A database server. As a context manager it starts with an empty database, and leaves nothing behind.

    `durable` is for tests that kill it: it writes as its users have it write, and what it has confirmed survives. The servers
    that tests share are not, and faster.
    """

    # What it is called in messages, and the account it runs as when we are root, because it refuses to be root.
    name: str
    account: str | None = None
    # What an operator sends it to end it without waiting for its clients.
    stop_signal = signal.SIGTERM

    def __init__(self, durable: bool = False) -> None:
        self.durable = durable
        self.port = 0
        self._directory: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    @property
    def directory(self) -> Path:
        assert self._directory is not None, f"{self.name} was not started"
        return self._directory

    @property
    @abstractmethod
    def url(self) -> str:
        """How tracestead is told to reach it."""

    @abstractmethod
    def install(self) -> None:
        """Sees to it that the program is there."""

    @abstractmethod
    def _create(self) -> None:
        """Makes the files of an empty database in the directory."""

    @abstractmethod
    def _command(self) -> list[str]:
        """The server itself, in the foreground."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether it answers a question."""

    def start(self) -> None:
        """Starts it with an empty database, and returns when it answers."""
        self.install()
        self._directory = Path(tempfile.mkdtemp(prefix=f"tracestead-{self.name}-"))
        if user := self._user():
            shutil.chown(self.directory, user, user)
        try:
            self._create()
            self.port = free_port()
            self._launch()
        except BaseException:
            self.remove()
            raise

    def restart(self) -> None:
        """Starts it again after `stop` or `kill`, on the same data and the same port."""
        self._launch()

    def stop(self) -> None:
        """Ends it as an operator does; its data stay."""
        if self._process is not None:
            self._process.send_signal(self.stop_signal)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
                raise ServerError(f"{self.name} did not end in {STOP_SECONDS} s\n{self.log()}") from None
            self._process = None

    def kill(self) -> None:
        """Ends it without any warning (SIGKILL); its data stay."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        """Ends it if it runs, and removes its data."""
        try:
            self.stop()
        finally:
            if self._directory is not None:
                shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def log(self) -> str:
        """The end of what it had to say since it was last started."""
        log = self.directory / "server.log"
        return log.read_text(errors="replace")[-4000:] if log.exists() else ""

    def _launch(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        self._process = self._spawn()
        while not self._answers():
            if time.monotonic() > deadline:
                self.kill()
                raise ServerError(f"{self.name} did not answer within {READY_SECONDS} s\n{self.log()}")
            if self._process.poll() is not None:
                if not self._may_start_later():
                    raise ServerError(f"{self.name} ended with {self._process.returncode}\n{self.log()}")
                self._process = self._spawn()
            time.sleep(POLL_SECONDS)

    def _may_start_later(self) -> bool:
        """Whether the start that just failed may succeed when it is tried again."""
        return False

    def _spawn(self) -> subprocess.Popen[bytes]:
        with (self.directory / "server.log").open("wb") as log:
            return subprocess.Popen(
                self._command(),
                cwd=self.directory,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is for us: we stop it in our own time.
                start_new_session=True,
                **self._identity(),
            )

    def _run(self, command: list[str]) -> None:
        """Runs a program of the server's to its end, as the server's user."""
        done = subprocess.run(
            command,
            cwd=self.directory,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            **self._identity(),
        )
        if done.returncode != 0:
            raise ServerError(f"`{' '.join(command)}` ended with {done.returncode}\n{done.stdout}{done.stderr}")

    def _user(self) -> str | None:
        return self.account if os.geteuid() == 0 else None

    def _identity(self) -> dict:
        user = self._user()
        return {"user": user, "group": user, "extra_groups": []} if user else {}

    def _environment(self) -> dict[str, str]:
        """Nothing of whoever runs the tests: PGHOST, MYSQL_HOME and so on would be obeyed."""
        return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.directory), "LC_ALL": "C.UTF-8"}


def free_port() -> int:
    """A port of the loopback interface that nobody listens on, and that no outgoing connection is given."""
    for port in random.sample(PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ServerError("no free port was found in a hundred tries")
