#!/usr/bin/env python3
"""Two members of a consumer group take messages from a real JetStream server and are killed again and again: each
planted message counts exactly once, for indicators and for rules, and each member's past knows what it took once.

usage: watch_nats_test.py SHIELDWALL SOURCE_DIR
"""
import json
import random
import signal
import socket
import subprocess
import sys
import threading
import time

from commands import Shieldwall, free_port, test_size
from watch_test import INDICATOR, RULE, RULE_ID, intel

START_SECONDS = 30
DRAIN_SECONDS = 90
ACK_WAIT_SECONDS = 2


class Nats:
    """As much of a client as the test needs: the protocol is lines of text."""

    def __init__(self, port):
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS)
                break
            except OSError:
                assert time.monotonic() < until, "nats-server does not answer"
                time.sleep(0.05)
        self.lines = self.socket.makefile("rb")
        self.lines.readline()  # INFO
        self.answers = b"answers.%d" % id(self)
        self.socket.sendall(b'CONNECT {"verbose":false,"pedantic":false}\r\nSUB %s 1\r\n' % self.answers)

    def ask(self, subject, body):
        """A request and the JSON of its answer."""
        self.send(subject, body, b" " + self.answers)
        while True:
            line = self.lines.readline()
            if line.startswith(b"PING"):
                self.socket.sendall(b"PONG\r\n")
            elif line.startswith(b"MSG"):
                answer = self.lines.read(int(line.split()[-1]) + 2)
                return json.loads(answer)
            assert line, "the connection ended"

    def send(self, subject, body, reply=b""):
        self.socket.sendall(b"PUB %s%s %d\r\n%s\r\n" % (subject.encode(), reply, len(body), body))

    def make(self, what, **config):
        answer = self.ask(f"$JS.API.{what}", json.dumps(config).encode())
        assert "error" not in answer, answer

    def waiting(self, stream, group):
        info = self.ask(f"$JS.API.CONSUMER.INFO.{stream}.{group}", b"")
        return info["num_pending"] + info["num_ack_pending"]


class Publisher(threading.Thread):
    def __init__(self, port):
        super().__init__(daemon=True)
        self.nats = Nats(port)
        self.planted = self.sent = 0
        self.began = time.time() - 86400
        self.ended = threading.Event()

    def run(self):
        dice = random.Random(3)
        while not self.ended.is_set():
            for _ in range(dice.randrange(20)):
                bad = dice.random() < 0.2
                event = {"_path": "dns", "ts": self.began + self.sent, "uid": f"C{self.sent:020}",
                         "query": "bad.example" if bad else "good.example", "answers": [f"host{self.sent}.example"]}
                answer = self.nats.ask("logs.dns", json.dumps(event).encode())
                assert "error" not in answer, answer
                self.sent += 1
                self.planted += bad
            time.sleep(0.01)


def start(shieldwall, port, member):
    return subprocess.Popen([shieldwall.binary, "watch", "--json", "--intel", str(shieldwall.folder / "intel.json"), "--state",
                             str(shieldwall.folder / f"state-{member}"), "--sigma", str(shieldwall.folder / "rule.yml"),
                             "--remember", str(shieldwall.folder / f"past-{member}"), f"nats://127.0.0.1:{port}/LOGS?group=soc"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def counted(shieldwall, members):
    """How many messages were counted, for the indicator and for the rule: what two members were both given is one."""
    sources = {INDICATOR: set(), f"sigma:{RULE_ID}": set()}
    for member in range(members):
        told = shieldwall.run("watch", "--counts", "--sources", "--json", "--state",
                              shieldwall.folder / f"state-{member}", "--intel", shieldwall.folder / "intel.json")
        shieldwall.check(told.returncode == 0, f"watch --counts: {told.stderr.decode()[-300:]}")
        for line in told.stdout.splitlines():
            one = json.loads(line)
            shieldwall.check(one["count"] == 1 and one["indicator"] in sources, f"a message counts as {one}")
            sources[one["indicator"]].add(one["source"])
    return [len(messages) for messages in sources.values()]


def remembered(shieldwall, members, sent):
    """Names that no member's past knows; a name that a past counts twice is a failure."""
    values = shieldwall.folder / "hosts.txt"
    values.write_text("".join(f"host{i}.example\n" for i in range(sent)))
    known = set()
    for member in range(members):
        hunted = shieldwall.run("hunt", "--past", shieldwall.folder / f"past-{member}", "--since", "9999d", "--json", values)
        seen = {}
        for hit in map(json.loads, hunted.stdout.splitlines()):
            seen[hit["pattern"]] = seen.get(hit["pattern"], 0) + hit["count"]
        shieldwall.check(set(seen.values()) == {1}, f"member {member}'s past counts {sorted(set(seen.values()))}")
        known |= seen.keys()
    return sent - len(known)


def main():
    shieldwall = Shieldwall(sys.argv[1])
    (shieldwall.folder / "rule.yml").write_text(RULE)
    intel(shieldwall.folder)
    port = free_port()
    server = subprocess.Popen(["nats-server", "-js", "-a", "127.0.0.1", "-p", str(port), "-sd",
                               str(shieldwall.folder / "nats")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    members = []
    try:
        nats = Nats(port)
        nats.make("STREAM.CREATE.LOGS", name="LOGS", subjects=["logs.>"], storage="file", retention="limits",
                  num_replicas=1)
        nats.make("CONSUMER.DURABLE.CREATE.LOGS.soc", stream_name="LOGS",
                  config={"durable_name": "soc", "ack_policy": "explicit", "deliver_policy": "all",
                          "replay_policy": "instant", "ack_wait": ACK_WAIT_SECONDS * 10**9, "max_deliver": -1})
        publisher = Publisher(port)
        publisher.start()
        members = [start(shieldwall, port, 0), start(shieldwall, port, 1)]
        dice = random.Random(4)
        for _ in range(test_size("watch_kills")):
            time.sleep(0.2 + dice.random())
            which = dice.randrange(2)
            members[which].send_signal(signal.SIGKILL)
            members[which].communicate()
            members[which] = start(shieldwall, port, which)
        publisher.ended.set()
        publisher.join()
        until = time.monotonic() + DRAIN_SECONDS
        while nats.waiting("LOGS", "soc") > 0 and time.monotonic() < until:
            time.sleep(0.1)
        shieldwall.check(nats.waiting("LOGS", "soc") == 0, "messages are left over")
        for member in members:
            member.send_signal(signal.SIGINT)
            said = member.communicate(timeout=DRAIN_SECONDS)[1].decode()
            # One that has only begun ends by the signal itself.
            shieldwall.check(member.returncode in (130, -signal.SIGINT),
                             f"after Ctrl-C a member ends with {member.returncode}: {said[-400:]}")
        totals = counted(shieldwall, 2)
        print(f"{publisher.sent} messages, {publisher.planted} planted, {totals} counted")
        shieldwall.check(publisher.planted > 0 and totals == [publisher.planted] * 2,
                         f"{totals} counted where {publisher.planted} were planted")
        forgotten = remembered(shieldwall, 2, publisher.sent)
        shieldwall.check(forgotten == 0, f"{forgotten} of {publisher.sent} messages are in nobody's past")
    finally:
        for member in members:
            member.kill()
        server.kill()
        server.wait()
    return shieldwall.end("watches of a stream")


sys.exit(main())
