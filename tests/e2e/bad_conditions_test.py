#!/usr/bin/env python3
"""Bad conditions, against the real binary: full disk, read-only folder, port in use, clock in the past, damaged files.

usage: bad_conditions_test.py SHIELDWALL SOURCE_DIR
Each must give one plain sentence that says what happened, where, and what to do, with the exit code of its kind, and
leave nothing half done. What this machine does not allow (mounting needs root) is said and left out.
"""
import contextlib
import json
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from commands import test_size  # noqa: E402
from running_node import RunningNode  # noqa: E402

USAGE, REFUSED, BAD_INPUT, UNAVAILABLE = 2, 3, 4, 5
STOP_OBJECTS = test_size("stop_objects")  # whose check takes more than half a second
SECONDS = 120
failed = []


def indicator(number):
    return json.dumps({
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--00000000-0000-4000-8000-{number:012}",
        "created": "2020-01-01T00:00:00.000Z", "modified": "2020-01-01T00:00:00.000Z", "name": "x" * 4000,
        "pattern": f"[domain-name:value = 'h{number}.example']", "pattern_type": "stix",
        "valid_from": "2020-01-01T00:00:00Z"}).encode()


def check(what, holds, seen=""):
    print(f"{'ok  ' if holds else 'FAIL'} {what}")
    if not holds:
        failed.append(f"{what}: {seen}")


def is_plain(text):
    """One sentence for people: no stack, no sanitizer, not a page of log."""
    lines = [line for line in text.splitlines() if line.startswith("shieldwall: ")]
    return len(lines) == 1 and 20 < len(lines[0]) < 600 and "Sanitizer" not in text and "terminate" not in text


def expect(what, result, code, *words):
    text = result.stderr
    check(f"{what}: exit {code}", result.returncode == code, f"{result.returncode}: {text[-600:]}")
    check(f"{what}: one plain sentence", is_plain(text), text[-600:])
    for word in words:
        check(f"{what}: says '{word}'", word in text, text[-600:])


class World:
    def __init__(self, binary):
        self.binary = str(binary)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="shieldwall-bad-"))

    def run(self, *words, stdin=None, environment=None, before=None, seconds=SECONDS):
        """The command's result; one that serves and does not end by itself is stopped and counts as served."""
        process = subprocess.Popen([self.binary, *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=dict(os.environ, **(environment or {})),
                                   preexec_fn=before)
        try:
            out, err = process.communicate(stdin, timeout=seconds)
        except subprocess.TimeoutExpired:
            process.terminate()
            out, err = process.communicate(timeout=SECONDS)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def init(self, name="node", **more):
        return self.run("init", "--dir", self.folder / name, "--organisation", "Test CERT", "--port", 0, **more)

    def path(self, *parts):
        return self.folder.joinpath(*parts)


@contextlib.contextmanager
def world(binary):
    one = World(binary)
    try:
        yield one
    finally:
        subprocess.run(["chmod", "-R", "u+w", str(one.folder)], check=False)
        shutil.rmtree(one.folder, ignore_errors=True)


@contextlib.contextmanager
def small_disk(folder, size):
    """A disk of its own under `folder`, or nothing where this account may not mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
                             capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=False)


def remount(folder, options):
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def full_disk_at_init(binary):
    with world(binary) as at, small_disk(at.path("disk"), "64k") as mounted:
        if not mounted:
            return print("skip full disk at init: this account may not mount")
        expect("init on a full disk", at.init("disk/node"), UNAVAILABLE, "disk", "node")
        remount(at.path("disk"), "size=64m")
        again = at.init("disk/node")
        check("init once there is room", again.returncode == 0, again.stderr)


def put(node, account, number):
    return node.ask("POST", "/api/v1/objects", body=indicator(number), account=account)


def full_disk_while_serving(binary):
    """What was acknowledged is there afterwards; what was not is refused in words, and the node reads on."""
    with world(binary) as at, small_disk(at.path("disk"), "6m") as mounted:
        if not mounted:
            return print("skip full disk while serving: this account may not mount")
        node = RunningNode(binary, at.path("disk"))
        node.__enter__()
        account = ("alice", "four words nobody guesses")
        made = node.run("user", "add", "alice", "--role", "publisher", "--password-stdin", "--dir", at.path("disk/node"),
                        stdin=account[1] + "\n")
        check("an account is made", made.returncode == 0, made.stderr)
        acknowledged, refusal = [], None
        for number in range(20_000):
            try:
                status, _, body = put(node, account, number)
            except OSError as gone:
                refusal = (0, str(gone).encode())
                break
            if status != 200:
                refusal = (status, body)
                break
            acknowledged.append(number)
        check("the disk fills", refusal is not None and len(acknowledged) > 10, str(len(acknowledged)))
        ended = node.process.poll()
        if ended is None:
            status, body = refusal
            check("a put on a full disk: 503 or 507", status in (503, 507), f"{status} {body[:300]}")
            check("a put on a full disk: says so", b"disk" in body or b"space" in body or b"full" in body, body[:300])
            check("reading goes on", node.get("/api/v1/me", account=account)[0] == 200)
            node.stop()
        else:
            log = (at.path("disk") / "serve.log").read_text(errors="replace")
            check("the node that could not go on said why", "disk" in log or "space" in log, log[-600:])
        remount(at.path("disk"), "size=64m")
        node.start()
        lost = [n for n in acknowledged
                if node.get(f"/api/v1/objects/indicator--00000000-0000-4000-8000-{n:012}", account=account)[0] != 200]
        check(f"all {len(acknowledged)} acknowledged objects are there", not lost, str(lost[:10]))
        check("and there is room for more", put(node, account, 900_000)[0] == 200)
        node.stop()


def file_limit(binary):
    """`ulimit -f` works without root: a file that may not grow is an error, not the end by a signal."""
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
    with world(binary) as at:
        result = at.init(before=limited)
        check("init under a file limit: no signal", result.returncode > 0, str(result.returncode))


def read_only(binary):
    with world(binary) as at, small_disk(at.path("disk"), "64m") as mounted:
        if mounted:
            check("init on the disk", at.init("disk/node").returncode == 0)
            remount(at.path("disk"), "ro")
            expect("serve on a read-only disk", at.run("serve", "--dir", at.path("disk/node"), seconds=20), UNAVAILABLE,
                   "read-only", "disk/node")
            expect("init on a read-only disk", at.init("disk/other"), UNAVAILABLE, "disk/other")
            remount(at.path("disk"), "rw")
        elif os.geteuid() != 0:
            at.init()
            subprocess.run(["chmod", "-R", "a-w", str(at.path("node"))], check=True)
            expect("serve in a read-only folder", at.run("serve", "--dir", at.path("node"), seconds=20), UNAVAILABLE,
                   "node")


def port_in_use(binary):
    with world(binary) as at, contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        at.init()
        expect("serve on a port in use",
               at.run("serve", "--dir", at.path("node"), environment={"SHIELDWALL_TOOLS_PORT": str(port)}, seconds=20),
               UNAVAILABLE, str(port), "shieldwall.toml", "in use")


def stops_in_time(binary):
    """A handler that computes for long is told to end when the node stops, and says so to who asked."""
    with world(binary) as at:
        at.init()
        many = at.path("many.json")
        many.write_bytes(b'{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[' +
                         b",".join(indicator(number) for number in range(STOP_OBJECTS)) + b"]}")
        taken = at.run("import", "--dir", at.path("node"), many)
        check("objects to check are there", taken.returncode == 0, taken.stderr)
        node = RunningNode(binary, at.folder)
        os.environ["SHIELDWALL_LIMITS_STOP_SECONDS"] = "0"
        try:
            node.start()
        finally:
            del os.environ["SHIELDWALL_LIMITS_STOP_SECONDS"]
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as asked:
            asked.connect(str(at.path("node", "node.sock")))
            asked.sendall(b"POST /api/v1/store/check HTTP/1.1\r\nHost: localhost\r\nPrefer: wait=600\r\n"
                          b"Content-Length: 0\r\n\r\n")
            time.sleep(0.5)
            begun = time.monotonic()
            check("the node ends in order", node.stop() == 0)
            took = time.monotonic() - begun
            check("within a few seconds", took < 15, f"{took:.1f} s")
            answer = asked.recv(65536)
            check("who asked is told that the node stops", answer.startswith(b"HTTP/1.1 503") and b"node stops" in answer,
                  answer)


def unknown_environment(binary):
    with world(binary) as at:
        at.init()
        served = at.run("serve", "--dir", at.path("node"), environment={"SHIELDWALL_TOOL_PORT": "1"}, seconds=5)
        check("a misspelt setting is told at the start, and the node serves",
              served.returncode == 0 and served.stderr.count("SHIELDWALL_TOOLS_PORT") == 1, served.stderr)


def half_made(binary):
    with world(binary) as at:
        result = at.run("init", "--dir", at.path("node"), "--organisation", "Test CERT", "--api-root", "api")
        expect("init with the name of a door for its API root", result, USAGE, "api")
        check("nothing is left of it", not at.path("node").exists())


def served_twice(binary):
    with RunningNode(binary) as node:
        expect("serving a folder twice", node.run("serve", "--dir", node.folder / "node"), UNAVAILABLE, "node")
        check("the first one goes on", node.get("/readyz")[0] == 200)
        expect("a server whose authority nobody named", node.run("taxii", "discover", node.where["tools"] + "/taxii2/"),
               UNAVAILABLE, "--ca", "--pin")
        check("it stops in order: exit 0", node.stop() == 0)


CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
/* The wall clock, moved by WALL_CLOCK_MOVED_S seconds. */
int clock_gettime(clockid_t id, struct timespec* at) {
  static int (*real)(clockid_t, struct timespec*);
  if (!real) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  int status = real(id, at);
  const char* moved = getenv("WALL_CLOCK_MOVED_S");
  if (status == 0 && id == CLOCK_REALTIME && moved) at->tv_sec += atol(moved);
  return status;
}
"""


def clock_in_the_past(binary):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("c++")
    with world(binary) as at:
        source, library = at.path("clock.c"), at.path("clock.so")
        source.write_text(CLOCK)
        subprocess.run([compiler, "-x", "c", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        at.init()
        back = {"LD_PRELOAD": str(library), "WALL_CLOCK_MOVED_S": str(-400 * 86400),
                "ASAN_OPTIONS": "verify_asan_link_order=0"}
        expect("serve with the clock a year back", at.run("serve", "--dir", at.path("node"), environment=back, seconds=20),
               UNAVAILABLE, "clock", "SHIELDWALL_NODE_TRUST_CLOCK=true")
        trusted = at.run("serve", "--dir", at.path("node"), seconds=5,
                         environment=dict(back, SHIELDWALL_NODE_TRUST_CLOCK="true"))
        check("an operator who knows better starts it", trusted.returncode == 0, trusted.stderr[-600:])
        slightly = at.run("serve", "--dir", at.path("node"), environment=dict(back, WALL_CLOCK_MOVED_S="-60"), seconds=5)
        check("a minute back does not matter", slightly.returncode == 0, slightly.stderr[-600:])


def damaged_files(binary):
    def damaged(what, name, change, code, *words):
        with world(binary) as at:
            at.init()
            change(at.path("node", name))
            expect(what, at.run("serve", "--dir", at.path("node"), seconds=20), code, *words)

    damaged("cut configuration", "shieldwall.toml", lambda p: p.write_text('[tools]\nport = "'), BAD_INPUT,
            "shieldwall.toml", "line 2")
    damaged("misspelt key", "shieldwall.toml", lambda p: p.write_text("[tools]\nprot = 1\n"), BAD_INPUT, "line 2",
            "tools.port")
    damaged("configuration that is no text", "shieldwall.toml", lambda p: p.write_bytes(b"\xff\x00\xfe" * 100), BAD_INPUT,
            "shieldwall.toml", "line 1")
    damaged("huge configuration", "shieldwall.toml", lambda p: p.write_bytes(b"#" * (2 << 20)), BAD_INPUT, "shieldwall.toml")
    damaged("no configuration", "shieldwall.toml", lambda p: p.unlink(), UNAVAILABLE, "shieldwall init")
    damaged("damaged secret", "node.key", lambda p: p.write_text("not hex\n"), BAD_INPUT, "node.key")
    damaged("certificate that is none", "tls/server.pem", lambda p: p.write_text("hello\n"), BAD_INPUT, "server.pem")
    damaged("no certificate", "tls/server.pem", lambda p: p.unlink(), UNAVAILABLE, "server.pem")

    def spoil(path):
        content = bytearray(path.read_bytes())
        content[:4096] = b"x" * 4096
        path.write_bytes(content)
    damaged("damaged store", "store/node.db", spoil, BAD_INPUT, "backup")
    damaged("emptied store", "store/node.db", lambda p: p.write_bytes(b""), BAD_INPUT, "node.db is empty", "backup")
    damaged("lost store", "store/node.db", lambda p: p.unlink(), BAD_INPUT, "node.db is missing", "backup")


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    only = sys.argv[3:]
    for test in (full_disk_at_init, full_disk_while_serving, file_limit, read_only, port_in_use, served_twice,
                 stops_in_time, unknown_environment, half_made, clock_in_the_past, damaged_files):
        if not only or test.__name__ in only:
            test(binary)
    print("\n".join(failed))
    print(f"{len(failed)} failed")
    sys.exit(1 if failed else 0)


main()
