"""What the tests of the real binary share: running it, and a node in an empty folder."""
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

COMMAND_SECONDS = 120
START_SECONDS = 60


def test_size(name):
    """The count of that row of tests/sizes.tsv at the size that SHIELDWALL_TEST_SIZE names."""
    column = {"quick": 1, "full": 3}.get(os.environ.get("SHIELDWALL_TEST_SIZE", "normal"), 2)
    table = pathlib.Path(__file__).resolve().parents[1] / "sizes.tsv"
    rows = {line.split("\t")[0]: line.split("\t") for line in table.read_text().splitlines()}
    return int(rows[name][column])


class Shieldwall:
    def __init__(self, binary):
        self.binary = str(pathlib.Path(binary).resolve())
        self.world = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.world.name)
        self.failed = []

    def run(self, *words, stdin=None, **more):
        """One command, ended; its bytes."""
        more.setdefault("stdout", subprocess.PIPE)
        return subprocess.run([self.binary, *map(str, words)], input=stdin, stderr=subprocess.PIPE, cwd=self.folder,
                              timeout=COMMAND_SECONDS, **({} if stdin is not None else {"stdin": subprocess.DEVNULL}),
                              **more)

    def shell(self, line):
        """A line as a person types it."""
        return subprocess.run(["bash", "-c", line], capture_output=True, cwd=self.folder, timeout=COMMAND_SECONDS,
                              stdin=subprocess.DEVNULL)

    def expect(self, what, statuses, words, said=None, **more):
        """Notes a failure unless the command ends with one of the statuses and says that on either stream."""
        result = self.run(*words, **more)
        statuses = (statuses,) if isinstance(statuses, int) else statuses
        told = (result.stdout or b"").decode(errors="replace") + result.stderr.decode(errors="replace")
        self.check(result.returncode in statuses and (said is None or said in told),
                   f"{what}: ended with {result.returncode}, not {statuses}, said: {told[-600:]!r}, wanted: {said!r}")
        return result

    def check(self, holds, otherwise):
        if not holds:
            self.failed.append(otherwise)

    def node(self, name="node", **more):
        """A new node's folder."""
        folder = self.folder / name
        result = self.run("init", "--dir", folder, "--organisation", more.get("organisation", "Test CERT"), "--port",
                          more.get("port", free_port()))
        assert result.returncode == 0, result.stderr
        return folder

    @contextlib.contextmanager
    def serving(self, folder):
        """The node runs within."""
        process = subprocess.Popen([self.binary, "serve", "--dir", str(folder)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        try:
            until = time.monotonic() + START_SECONDS
            while not (folder / "node.sock").exists() and time.monotonic() < until:
                assert process.poll() is None, process.stderr.read()
                time.sleep(0.02)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=START_SECONDS)

    def end(self, what):
        """Says how many failed, and the process's status."""
        print("\n".join(self.failed))
        print(f"{what}: {len(self.failed)} failed")
        self.world.cleanup()
        return 1 if self.failed else 0


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
