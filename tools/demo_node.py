"""The processes of the demo: the program's commands, and nodes that serve in folders of their own."""
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time

START_SECONDS = 60
WAIT_SECONDS = 60  # for anything that has to travel; on a quiet machine it takes a second


class Demo:
    """Where the play takes place, and what it found out."""

    def __init__(self, options):
        self.options = options
        self.binary = str(pathlib.Path(options.shieldwall).resolve())
        self.samples = pathlib.Path(options.source_dir).resolve() / "samples/demo"
        self.folder = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="shieldwall-demo-"))
        self.nodes = []
        self.figures = {}

    def say(self, text):
        print(text, file=sys.stderr if self.options.json else sys.stdout, flush=True)

    def tell(self, step, text):
        """A step of the story, as a paragraph."""
        self.say(textwrap.fill(f"{step}. {text}", 100, subsequent_indent="  "))

    def run(self, *words, environment=None, allowed=(0,)):
        """One command; its standard output. Ends the demo with the command's own words when it fails."""
        result = self.tried(*words, environment=environment)
        if result.returncode not in allowed:
            sys.exit(f"demo: `shieldwall {' '.join(map(str, words))}` ended with {result.returncode}:\n{result.stderr}")
        return result.stdout

    def tried(self, *words, environment=None):
        return subprocess.run([self.binary, *map(str, words)], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, env=dict(os.environ, **(environment or {})))

    def json(self, *words, **more):
        """The first object of JSON that the command prints."""
        return json.loads(self.run(*words, "--json", **more).splitlines()[0])


class LocalConnection(http.client.HTTPConnection):
    """HTTP over a node's local socket, as the command line speaks it: this machine's operator."""

    def __init__(self, path):
        super().__init__("localhost", timeout=WAIT_SECONDS)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Node:
    """One member, its folder and its process."""

    def __init__(self, demo, name, organisation, *words):
        self.demo, self.organisation = demo, organisation
        self.folder = demo.folder / name
        self.port = free_port()
        self.process = None
        demo.run("init", "--dir", self.folder, "--organisation", organisation, "--port", self.port, *words)

    def run(self, *words, **more):
        return self.demo.run(*words, "--dir", self.folder, **more)

    def json(self, *words, **more):
        return self.demo.json(*words, "--dir", self.folder, **more)

    def get(self, path):
        """Status and answer of the node's API."""
        with contextlib.closing(LocalConnection(self.folder / "node.sock")) as line:
            line.request("GET", path)
            answer = line.getresponse()
            body = answer.read()
            is_json = "json" in (answer.getheader("Content-Type") or "")
            return answer.status, json.loads(body) if is_json else body

    def objects(self, **parameters):
        """What the node's own organisation sees: id and object."""
        query = "&".join(f"{name}={value}" for name, value in {"limit": 1000, **parameters}.items())
        return {one["id"]: one["object"] for one in self.get(f"/api/v1/objects?{query}")[1]["objects"]}

    def holds(self, identifier):
        return self.get(f"/api/v1/objects/{identifier}")[0] == 200

    def url(self, path=""):
        return f"https://127.0.0.1:{self.port}{path}"

    def authority(self):
        return self.folder / "tls/ca.pem"

    def log(self):
        return self.folder / "serve.log"

    def serve(self):
        with self.log().open("ab") as log:
            self.process = subprocess.Popen([self.demo.binary, "serve", "--dir", str(self.folder)], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL)

    def wait_ready(self):
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.get("/readyz")[0] == 200:
                    return
            time.sleep(0.05)
        sys.exit(f"demo: the node of {self.organisation} did not start:\n{self.log().read_text()[-2000:]}")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def wait_stopped(self):
        if self.process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=START_SECONDS)


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def at_once(work, items):
    """Does it for all of them side by side; gives what each gave, in their order."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return list(pool.map(work, items))


def wait_until(holds, what):
    """Asks again and again until it holds."""
    until = time.monotonic() + WAIT_SECONDS
    while not holds():
        if time.monotonic() > until:
            sys.exit(f"demo: waited {WAIT_SECONDS} s in vain until {what}")
        time.sleep(0.01)
