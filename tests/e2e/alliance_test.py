#!/usr/bin/env python3
"""Real nodes become an alliance by one command on each side, and share over their own door.

usage: alliance_test.py SHIELDWALL SOURCE_DIR
Two nodes that can be reached and one that only calls. What one releases reaches the others within seconds (printed);
a recall takes it away everywhere; a suspended member gets nothing; a node that is killed and served again goes on where
it stood; a stranger's certificate is turned away.
"""
import pathlib
import shutil
import signal
import socket
import ssl
import sys
import tempfile
import time

from alliance_nodes import Member, wait_until


def check_joining(a, b, c):
    for one in (a, b, c):
        one.serve()
    c.run("alliance", "invite", "Nobody can call me", status=5)
    assert not c.ask("GET", "/api/v1/alliances")["alliances"], "an invitation that failed founded an alliance"
    for joiner in (b, c):
        invitation = a.run("alliance", "invite", "Northern Shield")["invitation"]
        joined = joiner.run("alliance", "join", invitation)
        seen = a.run("alliance", "list")["alliances"][0]["members"]
        assert joined["phrase"] in [member.get("phrase") for member in seen], (joined, seen)
        assert joiner.run("alliance", "join", invitation, status=3) is None  # a code is taken once
    wait_until("all know the newest roster", lambda: all(
        one.ask("GET", "/api/v1/alliances")["alliances"][0]["version"] == 3 for one in (a, b, c)))


def check_sharing(a, b, c):
    slowest = 0
    for sender, receivers in ((a, (b, c)), (b, (a, c)), (c, (a, b))):
        one = sender.share_by_command(f"{sender.name}.evil.example")
        for receiver in receivers:
            took = wait_until(f"{sender.name} to {receiver.name}", lambda: receiver.has(one))
            slowest = max(slowest, took)
    print(f"released to visible: slowest of six {slowest:.2f} s, looked at every 0.05 s")


def check_recall(a, b, c):
    one = a.share("regretted.example")
    wait_until("all have it", lambda: b.has(one) and c.has(one))
    a.run("recall", one)
    wait_until("recalled everywhere", lambda: not b.has(one) and not c.has(one))
    wait_until("all confirmed", lambda: all(
        row["state"] == "confirmed" for row in a.run("recall", one, "--status")["recipients"]))


def check_suspension(a, b, c):
    a.run("member", "suspend", "b", "--reason", "test")
    one = a.share("not-for-b.example")
    theirs = b.share("not-from-b.example")
    wait_until("c has it", lambda: c.has(one))
    time.sleep(1)
    assert not b.has(one), "b received what was shared after its suspension"
    assert not a.has(theirs), "a took what b shared after its suspension"
    a.run("member", "reinstate", "b")
    wait_until("b has it after all", lambda: b.has(one))
    wait_until("a has it after all", lambda: a.has(theirs), seconds=40)  # b calls again after its pause
    assert any(row["object"] == one for row in a.run("member", "impact", "b")["received"])


def check_kill(a, b):
    shared = []
    for round_number in range(3):
        b.stop(signal.SIGKILL)
        shared += [a.share(f"while-down-{round_number}-{n}.example") for n in range(3)]
        b.serve()
        wait_until("caught up", lambda: all(b.has(one) for one in shared), seconds=40)


def check_mistakes(a, c):
    """What a tired operator does must do no harm."""
    assert not a.run("log", "catch-up")["was_held"]
    assert a.holds(), "a node whose log was never put back shows nothing after a catch-up"
    asked = time.monotonic()
    a.run("ask", "some.example", "--peer", "c", status=4)
    assert time.monotonic() - asked < 20, "a member that cannot be called was asked for long"
    stick = a.folder / "stick.sw"
    a.run("carry", "out", "c", stick)
    carried = stick.read_bytes()
    a.run("carry", "out", "c", stick, status=4)
    assert stick.read_bytes() == carried, "a file that was not carried yet was written over"


def check_stranger(a, world, binary):
    stranger = Member(binary, world, "stranger")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(stranger.folder / "tls/member.pem", stranger.folder / "tls/member.key")
    try:
        with socket.create_connection(("127.0.0.1", a.members_port), 10) as plain:
            with context.wrap_socket(plain) as secure:
                secure.sendall(b"POST /federation/hello HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                answer = secure.recv(100)
    except OSError:
        return
    assert not answer or b" 404 " in answer, answer


def main():
    binary, _ = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    world = pathlib.Path(tempfile.mkdtemp(prefix="shieldwall-alliance-"))
    nodes = []
    try:
        a, b = Member(binary, world, "a"), Member(binary, world, "b")
        c = Member(binary, world, "c", reachable=False)
        nodes = [a, b, c]
        for check in (lambda: check_joining(a, b, c), lambda: check_stranger(a, world, binary),
                      lambda: check_sharing(a, b, c), lambda: check_recall(a, b, c),
                      lambda: check_suspension(a, b, c), lambda: check_mistakes(a, c),
                      lambda: check_kill(a, b)):
            start = time.monotonic()
            check()
            print(check.__code__.co_names[0], f"{time.monotonic() - start:.1f} s")
        for one in nodes:
            one.stop()
    except BaseException:
        for one in nodes:
            print(f"--- {one.name}\n{one.log()}", file=sys.stderr)
        raise
    finally:
        for one in nodes:
            if one.process is not None:
                one.process.kill()
        shutil.rmtree(world, ignore_errors=True)


main()
