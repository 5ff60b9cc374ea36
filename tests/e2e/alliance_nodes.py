"""Members of an alliance as real processes, and the wires between them, for tests."""
import contextlib
import http.client
import json
import os
import select
import signal
import socket
import subprocess
import threading
import time
import uuid

from commands import free_port

WAIT_SECONDS = 60
PUSHED_SECONDS = 15  # with sanitizers on a busy machine; what it took is printed


class LocalConnection(http.client.HTTPConnection):
    """To the node's own socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=WAIT_SECONDS)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Refused(Exception):
    pass


class Member:
    def __init__(self, binary, world, name, reachable=True, announced=None):
        """announced: the port that others are told to call, where it is not the node's own."""
        self.binary, self.folder, self.name, self.process = str(binary), world / name, name, None
        self.members_port = free_port() if reachable else None
        extra = ["--members-port", str(self.members_port)] if reachable else []
        self.run("init", "--organisation", name, "--port", "0", *extra)
        self.environment = dict(os.environ)
        if announced:
            self.environment["SHIELDWALL_ALLIANCE_ADDRESS"] = f"127.0.0.1:{announced}"

    def run(self, *words, status=0):
        done = subprocess.run([self.binary, *map(str, words), "--dir", self.folder, "--json"], capture_output=True,
                              text=True, timeout=WAIT_SECONDS)
        assert done.returncode == status, (self.name, words, done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def serve(self):
        with (self.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen([self.binary, "serve", "--dir", self.folder, "--json"], text=True,
                                            stdout=subprocess.PIPE, stderr=log, env=self.environment)
        assert self.process.stdout.readline(), self.log()

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return
        self.process.send_signal(how)
        assert self.process.wait(WAIT_SECONDS) == (0 if how == signal.SIGTERM else -how), self.log()
        self.process = None

    def log(self):
        return (self.folder / "serve.log").read_text()[-3000:]

    def ask(self, method, path, body=None):
        """Over the node's own socket, as the command line does, but without a process for each look."""
        with contextlib.closing(LocalConnection(self.folder / "node.sock")) as line:
            line.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = line.getresponse()
            text = answer.read()
        if answer.status // 100 != 2:
            raise Refused(f"{self.name}: {method} {path}: {answer.status} {text}")
        return json.loads(text) if text else None

    def share(self, value, query="?circle=northern-shield"):
        """Releases an indicator to the alliance; gives its id once it is acknowledged."""
        made = indicator(value)
        told = self.ask("POST", "/api/v1/objects" + query, json.dumps({"objects": [made]}))
        assert made["id"] in json.dumps(told), told
        return made["id"]

    def share_by_command(self, value):
        made, bundle = indicator(value), self.folder / "bundle.json"
        bundle.write_text(json.dumps({"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [made]}))
        done = subprocess.run([self.binary, "import", "--dir", self.folder, "--circle", "northern-shield", bundle],
                              capture_output=True, text=True, timeout=WAIT_SECONDS)
        assert done.returncode == 0, done.stderr
        return made["id"]

    def has(self, one):
        return bool(self.ask("GET", f"/api/v1/objects?id={one}")["objects"])

    def holds(self):
        """Ids of all that a reader of this node sees."""
        found, more = set(), ""
        while True:
            page = self.ask("GET", "/api/v1/objects?type=indicator&limit=500" + more)
            found.update((item.get("object") or item)["id"] for item in page["objects"])
            if not page["more"]:
                return found
            more = "&cursor=" + page["next"]


def indicator(value):
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.uuid4()}",
            "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z",
            "valid_from": "2026-01-01T00:00:00Z", "pattern_type": "stix",
            "pattern": f"[domain-name:value = '{value}']", "indicator_types": ["malicious-activity"]}


class Wire:
    """A TCP proxy on a port of its own, which can be cut and healed."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port, self.to, self.is_cut, self.pairs = self.listening.getsockname()[1], None, False, []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            with contextlib.suppress(OSError):
                near, _ = self.listening.accept()
                if self.is_cut:
                    near.close()
                    continue
                try:
                    far = socket.create_connection(("127.0.0.1", self.to), 5)
                except OSError:
                    near.close()
                    continue
                self.pairs.append((near, far))
                threading.Thread(target=self.carry, args=(near, far), daemon=True).start()

    @staticmethod
    def carry(near, far):
        with contextlib.suppress(OSError, ValueError):
            while True:
                for one in select.select([near, far], [], [])[0]:
                    piece = one.recv(1 << 16)
                    if not piece:
                        return near.close(), far.close()
                    (far if one is near else near).sendall(piece)
        near.close()
        far.close()

    def cut(self):
        self.is_cut = True
        for pair in self.pairs:
            for one in pair:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
        self.pairs = []

    def heal(self):
        self.is_cut = False


def wait_until(what, condition, seconds=PUSHED_SECONDS):
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.05)
    return time.monotonic() - start


def ally(founder, joiners):
    for joiner in joiners:
        joiner.run("alliance", "join", founder.run("alliance", "invite", "Northern Shield")["invitation"])
    versions = len(joiners) + 1
    wait_until("all know the newest roster", lambda: all(
        one.ask("GET", "/api/v1/alliances")["alliances"][0]["version"] == versions for one in (founder, *joiners)))
