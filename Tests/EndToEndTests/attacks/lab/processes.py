"""Child processes of the attack scripts: gateways with a configuration given as text, and others; memory, verdicts."""
import atexit, contextlib, fcntl, json, os, re, shutil, signal, socket, subprocess, sys, tempfile, threading, time

BINARY = os.environ.get("PATCHBAY", ".build/release/patchbay")
# Who ends a script by SIGTERM still wants its children ended.
signal.signal(signal.SIGTERM, lambda *_: sys.exit("FAIL: out of time"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def scratch():
    """A folder that goes with the script."""
    folder = tempfile.mkdtemp(prefix="attack-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class Process:
    """A child that is ended by its own id. `stderr`: a file descriptor instead of a file that is kept."""

    def __init__(self, args, env=None, preexec=None, stderr=None):
        self.err = tempfile.TemporaryFile()
        self.out = tempfile.TemporaryFile()
        whole = dict(os.environ)
        whole.update(env or {})
        self.child = subprocess.Popen(
            args, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err if stderr is None else stderr, env=whole,
            preexec_fn=preexec)
        atexit.register(self.stop)

    @staticmethod
    def _text(file):
        file.flush()
        size = os.fstat(file.fileno()).st_size
        return os.pread(file.fileno(), size, 0).decode(errors="replace")

    @property
    def stdout(self):
        return self._text(self.out)

    @property
    def stderr(self):
        return self._text(self.err)

    @property
    def alive(self):
        return self.child.poll() is None

    @property
    def memory(self):
        """Resident memory in MiB."""
        return rss(self.child.pid)

    @property
    def files(self):
        """How many files it has open."""
        return len(os.listdir(f"/proc/{self.child.pid}/fd"))

    def stop(self, hard=True):
        if self.alive:
            self.child.send_signal(signal.SIGKILL if hard else signal.SIGTERM)
        with contextlib.suppress(Exception):
            self.child.wait(15)


def rss(pid):
    """Resident memory of a process in MiB."""
    with open(f"/proc/{pid}/status") as f:
        return int(next(line for line in f if line.startswith("VmRSS")).split()[1]) // 1024


def connections(port):
    """How many connections a listener of this machine serves, as the system counts them."""
    with open("/proc/net/tcp") as f:
        rows = [line.split() for line in f][1:]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "01" for row in rows)


class Gateway(Process):
    """`patchbay serve` with a configuration given as text."""

    def __init__(self, config, env=None, preexec=None, ready=60, stderr=None):
        self.dir = scratch()
        self.file = os.path.join(self.dir, "patchbay.yaml")
        with open(self.file, "w") as f:
            f.write(config)
        super().__init__([BINARY, "serve", "--config", self.file], env, preexec, stderr)
        found = re.search(r"^admin: .*?:(\d+)\}?$", config, re.M)
        self.admin = int(found.group(1)) if found else 0
        end = time.time() + ready
        self.port = None
        while time.time() < end and self.alive and self.port is None:
            found = re.search(r"ready http://[^ ]*:(\d+)/", self.stdout)
            if found:
                self.port = int(found.group(1))
            time.sleep(0.05)
        if self.port is None:
            self.stop()
            raise SystemExit("FAIL (lab): the gateway did not start:\n" + self.stderr)


def config(instances, extra="", path="/mcp", listen=None, upstream_extra="", admin=None, loops=1):
    """The text of a configuration with one upstream. `instances`: URLs, or mappings. Operators get a free port."""
    rows = "".join(f"\n      - {json.dumps(each)}" for each in instances)
    admin = admin or f"127.0.0.1:{free_port()}"
    return (
        f"listen: {listen or '127.0.0.1:0'}\nadmin: {{listen: {admin}}}\nevent_loops: {loops}\n"
        f"{extra}\nupstreams:\n  - name: main\n    path: {path}\n    transport: http\n    instances:{rows}\n"
        f"{upstream_extra}\n")


def secret():
    """As strong as `openssl rand -hex 32` makes one."""
    return os.urandom(32).hex()


def peer_lines(own, other):
    """The part of a configuration that makes two nodes peers. The secret is in the variable SECRET."""
    return (f'secret: "${{env:SECRET}}"\ncluster:\n  transport: http\n  listen: 127.0.0.1:{own}\n'
            f'  peers: ["http://127.0.0.1:{other}"]\n')


def two_nodes(instances, extra="", upstream_extra=""):
    """Two nodes that are linked over HTTP. Their operators' ports are in `admin`."""
    ports, shared = [free_port(), free_port()], secret()
    texts = [
        config(instances, peer_lines(own, other) + extra, upstream_extra=upstream_extra)
        for own, other in (ports, reversed(ports))]
    nodes, failures = [None, None], []

    # Together: each waits a moment for the other when it starts.
    def start(n):
        try:
            nodes[n] = Gateway(texts[n], {"SECRET": shared})
        except SystemExit as e:
            failures.append(str(e))
    threads = [threading.Thread(target=start, args=(n,)) for n in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if failures:
        raise SystemExit("\n".join(failures))
    return nodes


def eventually(probe, seconds):
    """What `probe` returns as soon as that is true, or its last value."""
    end = time.time() + seconds
    while True:
        found = probe()
        if found or time.time() >= end:
            return found
        time.sleep(0.01)


def check_config(text, env=None):
    """Exit status of `patchbay check-config`, and all that it says."""
    file = os.path.join(scratch(), "patchbay.yaml")
    with open(file, "w") as f:
        f.write(text)
    done = subprocess.run([BINARY, "check-config", file], capture_output=True, env={**os.environ, **(env or {})})
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def verdict(problems):
    """Prints PASS or FAIL with the reasons and exits."""
    if problems:
        print("FAIL")
        for each in problems:
            print(" -", each)
        sys.exit(1)
    print("PASS")
    sys.exit(0)
