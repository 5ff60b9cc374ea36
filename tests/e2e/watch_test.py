#!/usr/bin/env python3
"""`watch` is killed again and again while its log is written to and rotated in every way: each planted line counts
exactly once. And what is counted becomes sightings of a node, once.

usage: watch_test.py SHIELDWALL SOURCE_DIR
"""
import gzip
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time

from commands import Shieldwall, test_size

INDICATOR = "indicator--00000000-0000-4000-8000-000000000001"
CAUGHT_UP_SECONDS = 60


def intel(folder):
    path = folder / "intel.json"
    path.write_text(json.dumps({
        "type": "indicator", "spec_version": "2.1", "id": INDICATOR, "created": "2020-01-01T00:00:00.000Z",
        "modified": "2020-01-01T00:00:00.000Z", "pattern": "[domain-name:value = 'bad.example']",
        "pattern_type": "stix", "valid_from": "2020-01-01T00:00:00Z", "indicator_types": ["unknown"], "name": "bad"}))
    return path


class Writer(threading.Thread):
    """Appends to one log and rotates it as logrotate and its kin do; never lets a line be lost by itself."""

    def __init__(self, folder, seed):
        super().__init__(daemon=True)
        self.folder, self.log = folder, folder / "dns.log"
        self.random = random.Random(seed)
        self.planted = self.written = self.rotations = 0
        self.ended = threading.Event()
        self.file = open(self.log, "ab", buffering=0)

    def run(self):
        while not self.ended.is_set():
            for _ in range(self.random.randrange(40)):
                self.line()
            if self.random.random() < 0.2:
                self.random.choice([self.rename, self.copy_and_empty, self.rename, self.burst])()
                self.rotations += 1
            if self.random.random() < 0.1:
                self.pack()
            time.sleep(0.01)

    def line(self):
        bad = self.random.random() < 0.2
        text = json.dumps({"ts": 1700000000 + self.written / 10, "uid": f"C{self.written:09}",
                           "query": "www.bad.example" if bad else f"host{self.written}.example"}).encode() + b"\n"
        self.written += 1
        self.planted += bad
        half = self.random.randrange(len(text)) if self.random.random() < 0.05 else 0
        if half:
            self.file.write(text[:half])
            time.sleep(0.002)
        self.file.write(text[half:])

    def make_room(self):
        """dns.log.1 becomes dns.log.2 and so on."""
        old = sorted(self.folder.glob("dns.log.*"), key=lambda path: -int(path.name.split(".")[2]))
        for path in old:
            parts = path.name.split(".")
            parts[2] = str(int(parts[2]) + 1)
            path.rename(self.folder / ".".join(parts))

    def rename(self):
        self.make_room()
        self.log.rename(self.folder / "dns.log.1")
        for _ in range(self.random.randrange(5)):
            self.line()  # a writer that was not told yet
        self.file.close()
        self.file = open(self.log, "ab", buffering=0)

    def burst(self):
        for _ in range(3):
            self.rename()
            self.line()

    def copy_and_empty(self):
        self.make_room()
        (self.folder / "dns.log.1").write_bytes(self.log.read_bytes())
        os.truncate(self.log, 0)

    def pack(self):
        for path in self.folder.glob("dns.log.*"):
            if path.suffix != ".gz" and int(path.name.split(".")[2]) > 1:
                packed = path.with_name(path.name + ".gz")
                packed.write_bytes(gzip.compress(path.read_bytes()))
                os.utime(packed, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
                path.unlink()

    def stop(self):
        self.ended.set()
        self.join()
        self.file.close()


def counted(shieldwall, state):
    told = shieldwall.run("watch", "--counts", "--json", "--state", state, "--intel", shieldwall.folder / "intel.json")
    shieldwall.check(told.returncode == 0, f"watch --counts: {told.stderr.decode()[-300:]}")
    return sum(json.loads(line)["count"] for line in told.stdout.splitlines())


def kills(shieldwall, what, paths, logs, seed, count):
    """Kills the watch `count` times while the writer goes on."""
    state = shieldwall.folder / f"state-{what}"
    logs.mkdir()
    writer = Writer(logs, seed)
    dice = random.Random(seed)
    words = [shieldwall.binary, "watch", "--intel", str(intel(shieldwall.folder)), "--state", str(state), *map(str, paths)]
    # Known before it rotates: what a log's name had left behind before anybody watched it is not looked through.
    writer.line()
    shieldwall.expect(f"{what}: the first look", (0, 1), [*words[1:], "--once"])
    writer.start()
    printed = 0
    for _ in range(count):
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if process.stdout.readline():  # it works: a hit was printed, and is being kept
            printed += 1
            time.sleep(dice.random() * 0.3)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    writer.stop()
    last = shieldwall.run("watch", "--once", "--intel", shieldwall.folder / "intel.json", "--state", state, *paths)
    shieldwall.check(last.returncode in (0, 1), f"{what}: the last run: {last.stderr.decode()[-500:]}")
    total = counted(shieldwall, state)
    print(f"{what}: {count} kills, {writer.rotations} rotations, {writer.written} lines, {writer.planted} planted, "
          f"{total} counted")
    shieldwall.check(printed == count, f"{what}: only {printed} of {count} runs found something before they were killed")
    shieldwall.check(total == writer.planted, f"{what}: {total} counted where {writer.planted} were planted")
    shieldwall.run("watch", "--once", "--intel", shieldwall.folder / "intel.json", "--state", state, *paths)
    shieldwall.check(counted(shieldwall, state) == total, f"{what}: another run counts something again")


def appears_later(shieldwall):
    """A log that is not there yet, one line at a time, and hits as they come."""
    log = shieldwall.folder / "later.log"
    process = subprocess.Popen([shieldwall.binary, "watch", "--json", "--intel", str(intel(shieldwall.folder)), "--state",
                                str(shieldwall.folder / "state-later"), str(log)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    try:
        time.sleep(0.3)
        log.write_text("nothing\nsaw bad.example")
        with log.open("a") as more:
            more.write(" twice\n")
        hit = json.loads(process.stdout.readline())
        shieldwall.check((hit["line"], hit["value"]) == (2, "bad.example"), f"a log that appears later: {hit}")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=CAUGHT_UP_SECONDS)
        shieldwall.check(process.returncode == 130, f"after Ctrl-C watch ends with {process.returncode}")
    finally:
        process.kill()


def patterns(shieldwall):
    """Patterns that bind several lines, also over a restart of their log, and one that would match everything."""
    rows = ["([domain-name:value = 'first.example'] FOLLOWEDBY [network-traffic:dst_port = 4444]) WITHIN 60 SECONDS",
            "[network-traffic:dst_ref.value = '192.0.2.7' AND network-traffic:dst_port = 8443]", "[file:name LIKE '%']"]
    bundle = shieldwall.folder / "patterns.json"
    bundle.write_text(json.dumps({"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000000", "objects": [{
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--00000000-0000-4000-8000-{number:012}",
        "created": "2020-01-01T00:00:00.000Z", "modified": "2020-01-01T00:00:00.000Z", "pattern": pattern,
        "pattern_type": "stix", "valid_from": "2020-01-01T00:00:00Z", "indicator_types": ["unknown"], "name": "p"}
        for number, pattern in enumerate(rows)]}))
    log, state = shieldwall.folder / "patterns.log", shieldwall.folder / "state-patterns"
    log.write_text("".join(json.dumps(line) + "\n" for line in [
        {"ts": 1700000000, "query": "first.example"},
        {"ts": 1700000001, "id.orig_h": "10.0.0.1", "id.resp_h": "192.0.2.7", "id.resp_p": 80},
        {"ts": 1700000002, "id.orig_h": "10.0.0.1", "id.resp_h": "192.0.2.7", "id.resp_p": 8443},
        {"ts": 1700000003, "id.orig_h": "10.0.0.1", "id.resp_h": "192.0.2.9", "id.resp_p": 4444}]))
    words = ["watch", "--once", "--json", "--intel", bundle, "--state", state, log]
    told = shieldwall.expect("watch with patterns", 1, words, "every ")
    lines = [json.loads(line)["line"] for line in told.stdout.splitlines()]
    shieldwall.check(lines == [3, 4], f"patterns hit in lines {lines}, not [3, 4]")
    shieldwall.expect("watch with patterns again", 0, words)
    shieldwall.check(counted(shieldwall, state) == 2, f"patterns count {counted(shieldwall, state)}, not 2")
    # The first event of a FOLLOWEDBY before a restart, the second behind it.
    for query, line, status in (("first.example", {}, 0), ("other.example", {"id.resp_h": "192.0.2.9", "id.resp_p": 4444}, 1)):
        with open(log, "a") as more:
            more.write(json.dumps({"ts": 1700000010, "query": query, **line}) + "\n")
        told = shieldwall.expect("watch with a pattern over a restart", status, words)
    shieldwall.check(json.loads(told.stdout.splitlines()[0])["line"] == 6, f"over a restart: {told.stdout!r}")


def warning_lists(shieldwall):
    """What a list names is no hit and counts nowhere; that it was there is told at the end."""
    listed, log = shieldwall.folder / "listed.json", shieldwall.folder / "listed.log"
    listed.write_text(json.dumps({"name": "resolvers", "type": "hostname", "list": ["bad.example"]}))
    log.write_text("bad.example was seen\n")
    words = ["watch", "--once", "--intel", intel(shieldwall.folder), "--state", shieldwall.folder / "state-listed", log]
    shieldwall.expect("watch with a warning list", 0, words + ["--warning-list", listed],
                      "1 more not reported: on warning lists")
    words[5] = shieldwall.folder / "state-unlisted"
    shieldwall.expect("watch without it", 1, words)


def becomes_sightings(shieldwall):
    node = shieldwall.node()
    shieldwall.expect("import", 0, ["import", "--dir", node, intel(shieldwall.folder)])
    log = shieldwall.folder / "node.log"
    for lines in (3, 5):
        with log.open("a") as more:
            more.writelines(f"2023-11-14T10:00:0{i}Z bad.example {lines}\n" for i in range(lines))
        shieldwall.expect(f"watch of {lines} lines", 1, ["watch", "--once", "--dir", node, log])
    shieldwall.expect("watch without news", 0, ["watch", "--once", "--dir", node, log])
    told = shieldwall.run("sighting", "list", "--own", "--json", "--dir", node)
    held = [one["count"] for one in json.loads(told.stdout)["indicators"]]
    shieldwall.check(held == [8], f"the node counts {held}, not [8]")


def hears_of_news(shieldwall):
    """What a node learns while `watch` runs is looked for within a second or so, and not at the next full look."""
    node = shieldwall.node("news")
    log = shieldwall.folder / "news.log"
    log.write_text("")
    with shieldwall.serving(node):
        process = subprocess.Popen([shieldwall.binary, "watch", "--json", "--dir", str(node), str(log)],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            time.sleep(2)
            shieldwall.expect("import beside a watch", 0, ["import", "--dir", node, intel(shieldwall.folder)])
            begun, ended = time.monotonic(), threading.Event()

            def speak():
                while not ended.wait(0.1):
                    with log.open("a") as more:
                        more.write("bad.example is asked for\n")

            threading.Thread(target=speak, daemon=True).start()
            hit = json.loads(process.stdout.readline())
            took = time.monotonic() - begun
            ended.set()
            print(f"live in a watch {took:.1f} s after its import")
            shieldwall.check(hit["value"] == "bad.example", f"a value of the news: {hit}")
            shieldwall.check(took < 20, f"news took {took:.1f} s: the next full look is after 60")
        finally:
            process.kill()


def reads_files_again(shieldwall):
    """A list that is written anew is looked for anew; one look at it while it is empty ends nothing."""
    log, values = shieldwall.folder / "again.log", shieldwall.folder / "values.txt"
    log.write_text("")
    values.write_text("first.example\n")
    process = subprocess.Popen([shieldwall.binary, "watch", "--json", "--state", str(shieldwall.folder / "again"),
                                "--intel", str(values), str(log)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    ended = threading.Event()

    def speak():
        while not ended.wait(0.1):
            with log.open("a") as more:
                more.write("first.example is asked for\nsecond.example is asked for\n")

    def until(value):
        while (hit := json.loads(process.stdout.readline()))["value"] != value:
            pass
        return hit

    overdue = threading.Timer(60, process.kill)  # what waits for a word of it then reads an end
    overdue.start()
    try:
        threading.Thread(target=speak, daemon=True).start()
        until("first.example")
        values.write_text("")
        told = process.stderr.readline()
        shieldwall.check(b"no indicators any more" in told, f"an emptied list is told of: {told}")
        until("first.example")
        values.write_text("second.example\n")
        until("second.example")
        values.unlink()
        told = process.stderr.readline()
        shieldwall.check(b"values.txt" in told, f"a list that went is told of: {told}")
        until("second.example")
    finally:
        overdue.cancel()
        ended.set()
        process.kill()


RULE_ID = "11111111-2222-4333-8444-555555555555"
RULE = f"""title: A bad name was asked for
id: {RULE_ID}
level: high
logsource: {{product: zeek, service: dns}}
detection:
  bad: {{query|endswith: bad.example}}
  condition: bad
"""


def rules_and_past(shieldwall, count):
    """Killed again and again, rules count each line once and the past forgets none."""
    folder, past, state = shieldwall.folder / "tapped", shieldwall.folder / "past", shieldwall.folder / "state-tapped"
    folder.mkdir()
    (shieldwall.folder / "rule.yml").write_text(RULE)
    words = ["watch", "--sigma", shieldwall.folder / "rule.yml", "--remember", past, "--state", state, folder]
    log, lines, began = folder / "dns.log", 0, time.time() - 86400

    def write(count):
        nonlocal lines
        with log.open("a") as more:
            for _ in range(count):
                lines += 1
                more.write(json.dumps({"_path": "dns", "ts": began + lines, "uid": f"C{lines:020}",
                                       "query": "www.bad.example", "answers": [f"host{lines}.example"]}) + "\n")

    write(1)
    shieldwall.expect("watch with rules, the first look", 1, [*words, "--once"], "A bad name")
    for turn in range(count):
        write(40)
        process = subprocess.Popen([shieldwall.binary, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        shieldwall.check(b"A bad name" in process.stdout.readline(), f"turn {turn}: a rule's hit is printed")
        process.send_signal(signal.SIGKILL)
        process.communicate()
        log.rename(folder / f"dns.log.{turn}")
    shieldwall.expect("watch with rules to the end", (0, 1), [*words, "--once"])
    total = counted(shieldwall, state)
    shieldwall.check(total == lines, f"rules counted {total} of {lines} lines")
    values = shieldwall.folder / "hosts.txt"
    values.write_text("".join(f"host{i}.example\n" for i in range(1, lines + 1)))
    hunted = shieldwall.run("hunt", "--past", past, "--since", "9999d", "--json", values)
    seen = {}
    for hit in map(json.loads, hunted.stdout.splitlines()):
        seen[hit["pattern"]] = seen.get(hit["pattern"], 0) + hit["count"]
    shieldwall.check(len(seen) == lines, f"the past knows {len(seen)} of {lines} names: {hunted.stderr.decode()[-300:]}")
    shieldwall.check(set(seen.values()) == {1}, f"the past counts {sorted(set(seen.values()))}, not once each")


EVENT_LOG = ("regression/rules/windows/file/file_event/file_event_win_hktl_netexec_file_indicators/"
             "efc21479-9e83-41da-8cf1-122e06ba8db3.evtx")
EVENT_RULE = """title: A file was made
id: 11111111-2222-4333-8444-666666666666
level: low
logsource: {product: windows, service: sysmon}
detection:
  made: {EventID: 11, TargetFilename|contains: ':'}
  condition: made
"""


def event_logs(shieldwall, data):
    """Windows event logs that come half, whole, packed and under another name count each event once."""
    log = pathlib.Path(data) / EVENT_LOG
    if not log.exists():
        print("skipped: ../shared/data/sigma is not there")
        return
    folder, state, rule = shieldwall.folder / "events", shieldwall.folder / "state-events", shieldwall.folder / "events.yml"
    folder.mkdir()
    rule.write_text(EVENT_RULE)
    scanned = shieldwall.run("scan", "--sigma", rule, "--json", log)
    there = len(scanned.stdout.splitlines())
    shieldwall.check(there > 0, f"scan finds nothing in {log.name}: {scanned.stderr.decode()[-300:]}")
    words = ["watch", "--once", "--sigma", rule, "--state", state, folder]
    whole = log.read_bytes()
    for part in (3000, 5000, 40_000, len(whole)):
        (folder / "a.evtx").write_bytes(whole[:part])
        shieldwall.expect(f"watch of {part} bytes of an event log", (0, 1), words)
    shieldwall.check(counted(shieldwall, state) == there, f"{counted(shieldwall, state)} events counted, not {there}")
    (folder / "a.evtx").rename(folder / "a.evtx.1")
    shieldwall.expect("watch of a renamed event log", 0, words)
    (folder / "a.evtx.2.gz").write_bytes(gzip.compress(whole))
    (folder / "a.evtx.1").unlink()
    shieldwall.expect("watch of a packed event log", 0, words)
    shieldwall.check(counted(shieldwall, state) == there, f"{counted(shieldwall, state)} counted of a copy, not {there}")


def main():
    shieldwall = Shieldwall(sys.argv[1])
    count = test_size("watch_kills")
    kills(shieldwall, "a file by name", [shieldwall.folder / "named/dns.log"], shieldwall.folder / "named", 1, count)
    kills(shieldwall, "a folder", [shieldwall.folder / "all"], shieldwall.folder / "all", 2, (count + 1) // 2)
    appears_later(shieldwall)
    becomes_sightings(shieldwall)
    patterns(shieldwall)
    warning_lists(shieldwall)
    hears_of_news(shieldwall)
    reads_files_again(shieldwall)
    rules_and_past(shieldwall, count)
    event_logs(shieldwall, pathlib.Path(sys.argv[2]) / "../shared/data/sigma")
    return shieldwall.end("watches")


if __name__ == "__main__":
    sys.exit(main())
