"""The programs that a benchmark run starts: on which core, with which log, and that none of them outlives the run.

Used by every other file of the benchmarks. It never touches a process that it did not start.
"""

import ctypes
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

STOP_SECONDS = 10
READY_SECONDS = 20
PR_SET_PDEATHSIG = 1

LIBC = ctypes.CDLL(None)


class Failure(Exception):
    """The measurement could not be made; the text says what to do."""


def cores():
    """(core of the proxy, core of load and servers). They are the same where there is only one."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[-1], allowed[0]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def require(program, package):
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        raise Failure(f"{program} is not installed: apt-get install {package}")
    return path


def build(source, directory, library=None):
    """Compiles one C file of this folder into `directory` and returns the program's path. The library is one that
    pkg-config knows, and is in the package of its name with `-dev`."""
    program = directory / source.stem
    command = [require("gcc", "gcc"), "-O2", "-Wall", "-Wextra", "-std=gnu11", "-o", program, source]
    if library:
        flags = subprocess.run(
            [require("pkg-config", "pkg-config"), "--cflags", "--libs", library], capture_output=True, check=False)
        if flags.returncode != 0:
            raise Failure(f"{library} is not installed: apt-get install {library}-dev")
        command += flags.stdout.decode().split()
    if subprocess.run(command, check=False).returncode != 0:
        raise Failure(f"{source.name} does not compile")
    return program


class Children:
    """A `with` block around everything that is started; leaving it ends what is left, however it is left."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.running = []

    def __enter__(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: sys.exit(128 + number))
        return self

    def __exit__(self, *_):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for child in list(self.running):
            self.stop(child)

    def start(self, arguments, core, name, environment=None):
        """Starts a program on one core. stdin and stdout are pipes; stderr goes to `<name>.log`."""

        def prepare():
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            os.sched_setaffinity(0, {core})

        with open(self.directory / f"{name}.log", "wb") as log:
            child = subprocess.Popen(
                [str(argument) for argument in arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                env={**os.environ, **(environment or {})}, start_new_session=True, preexec_fn=prepare)
        child.name = name
        self.running.append(child)
        return child

    def stop(self, child, seconds=STOP_SECONDS):
        """Ends a program and its own children: SIGTERM, then SIGKILL. Returns its exit code."""
        self.running.remove(child)
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(child.pid, number)
                child.wait(seconds)
                break
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.stdin.close()
        child.stdout.close()
        return child.wait()

    def kill(self, child):
        """SIGKILL: no last word to anybody."""
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.stop(child)

    def output(self, arguments, core, name, seconds):
        """Runs a program to its end and returns what it printed."""
        child = self.start(arguments, core, name)
        try:
            text, _ = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.stop(child)
            raise Failure(f"{name} did not end within {seconds} s") from None
        self.running.remove(child)
        if child.returncode != 0:
            raise Failure(f"{name} ended with code {child.returncode}:\n{self.log_end(name)}")
        return text.decode()

    def line(self, child, seconds=READY_SECONDS):
        """The next line that the program prints."""
        deadline = time.monotonic() + seconds
        text = b""
        while not text.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([child.stdout], [], [], left)[0]:
                raise Failure(f"{child.name} printed no line within {seconds} s:\n{self.log_end(child.name)}")
            letter = os.read(child.stdout.fileno(), 1)
            if not letter:
                raise Failure(f"{child.name} ended too early:\n{self.log_end(child.name)}")
            text += letter
        return text.decode().strip()

    def wait_for_port(self, child, port, seconds=READY_SECONDS):
        """Returns when the program accepts connections."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and child.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise Failure(f"{child.name} does not listen on port {port}:\n{self.log_end(child.name)}")

    def log_end(self, name):
        return (self.directory / f"{name}.log").read_text(errors="replace")[-2000:]


def family(pid):
    """The process and all its descendants that live now."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                # The name before the last parenthesis may hold anything; the parent is the second field behind it.
                parents[int(entry)] = int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
    if pid not in parents:
        raise Failure(f"a program under measurement (process {pid}) has ended; see its log in .bench")
    found = [pid]
    for parent in found:
        found += [child for child, of in parents.items() if of == parent]
    return found


def schedule_us(pid):
    """(run time, time spent waiting for a core) in microseconds, of all threads of the process and its descendants."""
    ran, waited = 0, 0
    for member in family(pid):
        for task in os.listdir(f"/proc/{member}/task"):
            fields = Path(f"/proc/{member}/task/{task}/schedstat").read_text().split()
            ran, waited = ran + int(fields[0]), waited + int(fields[1])
    return ran / 1000, waited / 1000


def wait_until_idle(pid, seconds=5):
    """Returns when the process has done its work (under 1 ms of it in 0.1 s), or after `seconds`."""
    deadline = time.monotonic() + seconds
    last = schedule_us(pid)[0]
    while time.monotonic() < deadline:
        time.sleep(0.1)
        now = schedule_us(pid)[0]
        if now - last < 1000:
            return
        last = now


def resident_kib(pid):
    """VmRSS of the process and its descendants in KiB."""
    total = 0
    for member in family(pid):
        for line in Path(f"/proc/{member}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total
