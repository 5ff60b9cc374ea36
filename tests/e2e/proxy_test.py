#!/usr/bin/env python3
"""A member that nobody can call, and that reaches others through an HTTP proxy alone, shares both ways.

usage: proxy_test.py SHIELDWALL SOURCE_DIR
"""
import contextlib
import json
import os
import socket
import sys
import threading
import time

from commands import Shieldwall, free_port

SOON_SECONDS = 60


class Proxy:
    """Takes CONNECT, notes for whom, and passes bytes both ways."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.asked = []
        self.opens = True
        threading.Thread(target=self.take, daemon=True).start()

    def take(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(4096)
                if not piece:
                    return
                head += piece
            method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
            self.asked.append((method, target))
            if method != "CONNECT" or not self.opens:
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                return
            host, port = target.rsplit(":", 1)
            with socket.create_connection((host.strip("[]"), int(port))) as beyond:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=self.pass_on, args=(beyond, connection), daemon=True)
                back.start()
                self.pass_on(connection, beyond)
                back.join()

    @staticmethod
    def pass_on(source, target):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def indicator(number):
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--00000000-0000-4000-8000-{number:012}",
            "created": "2024-01-01T00:00:00.000Z", "modified": "2024-01-01T00:00:00.000Z", "name": "evil",
            "indicator_types": ["unknown"], "pattern": f"[domain-name:value = 'e{number}.example']",
            "pattern_type": "stix", "valid_from": "2024-01-01T00:00:00Z"}


def main():
    shieldwall = Shieldwall(sys.argv[1])
    members_port = free_port()
    made = shieldwall.run("init", "--dir", "open", "--organisation", "Open", "--port", free_port(), "--members-port",
                          members_port)
    assert made.returncode == 0, made.stderr
    folder = {"open": shieldwall.folder / "open", "behind": shieldwall.node("behind", organisation="Behind")}
    proxy = Proxy()

    def share(name, number):
        path = shieldwall.folder / f"{number}.json"
        path.write_text(json.dumps(indicator(number)))
        shieldwall.expect(f"{name} shares", 0, ["import", path, "--circle", "shield", "--dir", folder[name]])

    def has(name, number):
        found = shieldwall.run("search", "--id", indicator(number)["id"], "--dir", folder[name]).stdout
        return indicator(number)["id"].encode() in found

    def soon(name, number):
        until = time.monotonic() + SOON_SECONDS
        while not has(name, number) and time.monotonic() < until:
            time.sleep(0.2)
        shieldwall.check(has(name, number), f"{name} never gets {number}")

    with contextlib.ExitStack() as running:
        running.enter_context(shieldwall.serving(folder["open"]))
        os.environ["SHIELDWALL_OUTGOING_PROXY"] = f"http://127.0.0.1:{proxy.port}"
        running.enter_context(shieldwall.serving(folder["behind"]))
        del os.environ["SHIELDWALL_OUTGOING_PROXY"]
        invited = shieldwall.run("alliance", "invite", "shield", "--json", "--dir", folder["open"])
        invitation = json.loads(invited.stdout)["invitation"]
        proxy.opens = False
        shieldwall.expect("joins through a proxy that refuses", 5,
                          ["alliance", "join", invitation, "--dir", folder["behind"]])
        proxy.opens = True
        shieldwall.expect("joins", 0, ["alliance", "join", invitation, "--dir", folder["behind"]], "member of shield")
        share("open", 1)
        soon("behind", 1)
        share("behind", 2)
        soon("open", 2)
        targets = {target for method, target in proxy.asked if method == "CONNECT"}
        shieldwall.check(targets == {f"127.0.0.1:{members_port}"}, f"the proxy was asked for {targets}")
    return shieldwall.end("a member behind a proxy")


sys.exit(main())
