"""A node for tests of the real binary: made in a folder of its own, served on a free port, stopped at the end."""
import base64
import contextlib
import json
import pathlib
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

START_SECONDS = 60  # sanitizers, on a busy machine


class RunningNode:
    def __init__(self, binary, folder=None):
        self.binary = str(binary)
        self.own = folder is None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="shieldwall-test-"))
        self.process = None
        self.where = {}

    def run(self, *words, stdin=None, environment=None):
        return subprocess.run([self.binary, *map(str, words)], capture_output=True, text=True, input=stdin,
                              env=environment, timeout=START_SECONDS)

    def __enter__(self):
        node = self.folder / "node"
        if not node.exists():
            made = self.run("init", "--dir", node, "--organisation", "Test CERT", "--port", 0, "--json")
            assert made.returncode == 0, made.stderr
            self.token = json.loads(made.stdout)["token"]
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        if self.own:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        node = self.folder / "node"
        self.process = subprocess.Popen([self.binary, "serve", "--dir", str(node), "--json"], stdout=subprocess.PIPE,
                                        stderr=(self.folder / "serve.log").open("ab"), text=True)
        line = self.process.stdout.readline()
        assert line, (self.folder / "serve.log").read_text()[-2000:]
        self.where = json.loads(line)
        self.context = ssl.create_default_context(cafile=str(node / "tls/ca.pem"))
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                if self.get("/readyz")[0] == 200:
                    return
            time.sleep(0.1)
        raise AssertionError("the node is never ready")

    def stop(self):
        """Stops it as an operator does; gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=START_SECONDS)

    def ask(self, method, path, body=None, account=None, headers=None):
        request = urllib.request.Request(self.where["tools"] + path, data=body, method=method, headers=headers or {})
        if account:
            request.add_header("Authorization", "Basic " + base64.b64encode(":".join(account).encode()).decode())
        if body is not None and not request.has_header("Content-type"):
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=START_SECONDS) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.headers, refused.read()

    def get(self, path, **more):
        return self.ask("GET", path, **more)
