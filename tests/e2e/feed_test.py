#!/usr/bin/env python3
"""Control feeds: made, fetched with their own token, checked by the programs that read them, held back and taken back.

usage: feed_test.py SHIELDWALL SOURCE_DIR
nft (package nftables) and named-checkzone (bind9-utils) judge their formats; tools/install test brings both. Suricata and
Zeek are held to the grammar of their formats by regular expressions.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

from running_node import RunningNode

TLP_GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
TLP_RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
RULE = re.compile(r'^(drop|alert) (ip|dns|http) any any -> (\S+) any \(msg:"[^"]*"; '
                  r'([a-z.]+(:("([^"|]|\|[0-9a-f ]+\|)*"|\d+))?; )*sid:\d+; rev:\d+;\)$')
FALSE_POSITIVE_SECONDS = 5


def indicator(number, pattern, marking=TLP_GREEN, **more):
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--00000000-0000-4000-8000-{number:012}",
            "created": "2024-01-01T00:00:00.000Z", "modified": "2024-01-01T00:00:00.000Z", "pattern": pattern,
            "pattern_type": "stix", "valid_from": "2024-01-01T00:00:00Z", "name": f"secret name {number}",
            "object_marking_refs": [marking], **more}


OBJECTS = [
    indicator(1, "[ipv4-addr:value = '198.51.100.7'] OR [ipv4-addr:value ISSUBSET '203.0.113.0/28']"),
    indicator(2, "[domain-name:value = 'evil.example.net']"),
    indicator(3, "[ipv6-addr:value = '2001:db8::7']"),
    indicator(4, "[domain-name:value = 'red.example.net']", TLP_RED),
    indicator(5, "[domain-name:value = 'old.example.net']", valid_until="2024-02-01T00:00:00Z"),
    indicator(6, "[ipv4-addr:value = '10.0.0.1']"),
    indicator(7, "[url:value = 'http://bad.example.net/a;b?c=1']"),
]


class Feeds:
    def __init__(self, node):
        self.node = node
        self.dir = node.folder / "node"
        self.failed = []

    def check(self, good, said):
        if not good:
            self.failed.append(said)

    def command(self, *words, status=0):
        words = (*words[:2], "--dir", self.dir, *words[2:])
        done = self.node.run(*words)
        self.check(done.returncode == status, f"{words[:2]}: {done.returncode}, {done.stderr[-300:]} {done.stdout[-300:]}")
        return done.stdout

    def share(self, *objects):
        path = self.node.folder / "intel.json"
        path.write_text("\n".join(map(json.dumps, objects)))
        done = self.node.run("import", "--dir", self.dir, path)
        self.check(done.returncode == 0, f"import: {done.stderr[-300:]}")

    def make(self, name, *words):
        made = json.loads(self.command("feed", "create", "--json", *words, name) or "{}")
        return made.get("address", "/feeds/none"), made.get("token", "")

    def fetch(self, feed, since=None, **headers):
        address, token = feed
        headers = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.node.get(address + (f"?since={since}" if since else ""), headers={"X-Feed-Token": token, **headers})


def judged_by(feeds, program, words, text):
    path = feeds.node.folder / "feed.txt"
    path.write_bytes(text)
    if shutil.which(program) is None and not pathlib.Path("/usr/sbin", program).exists():
        print(f"skipped: {program} is not installed; tools/install test brings it")
        return
    judged = subprocess.run(["env", "PATH=/usr/sbin:/sbin:/usr/bin:/bin", program, *words, str(path)],
                            capture_output=True, text=True, timeout=60)
    missing_right = "Operation not permitted" in judged.stderr  # nft needs the kernel's ear even to check
    if missing_right:
        print(f"skipped: {program} may not ask the kernel here")
    feeds.check(judged.returncode == 0 or missing_right, f"{program}: {judged.stdout} {judged.stderr}")


def formats(feeds):
    plain = feeds.make("plain")
    status, headers, text = feeds.fetch(plain)
    feeds.check(status == 200 and set(text.decode().split()) == {
        "198.51.100.7", "203.0.113.0/28", "evil.example.net", "2001:db8::7", "http://bad.example.net/a;b?c=1"},
        f"plain: {status} {text}")
    feeds.check(b"secret" not in text and b"indicator" not in text, "the feed tells more than values")
    feeds.check(feeds.fetch(plain, If_None_Match=headers["ETag"])[0] == 304, "the same ETag is answered in full")
    for token in ("", "x", plain[1][:-1] + "A"):
        feeds.check(feeds.fetch((plain[0], token))[0] == 404 or token == plain[1], f"token {token!r} is let in")

    nft = feeds.fetch(feeds.make("fw", "--format", "nftables"))[2]
    feeds.check(b"elements = { 198.51.100.7, 203.0.113.0/28 }" in nft, f"nftables: {nft}")
    judged_by(feeds, "nft", ["-c", "-f"], nft)
    zone = feeds.fetch(feeds.make("resolver", "--format", "rpz"))[2]
    feeds.check(b"*.evil.example.net CNAME .\n" in zone, f"rpz: {zone}")
    judged_by(feeds, "named-checkzone", ["-i", "none", "-k", "ignore", "rpz.shieldwall"], zone)
    rules = feeds.fetch(feeds.make("ids", "--format", "suricata"))[2].decode().splitlines()
    feeds.check(len(rules) == 5, f"suricata: {rules}")
    for rule in rules:
        feeds.check(RULE.match(rule), f"no rule: {rule}")
    feeds.check(len({re.search(r"sid:(\d+)", rule)[1] for rule in rules}) == len(rules), "two rules with one sid")
    names = feeds.fetch(feeds.make("names", "--format", "suricata-dataset", "--kind", "domain"))[2]
    feeds.check(names == b"ZXZpbC5leGFtcGxlLm5ldA==\n", f"dataset: {names}")
    zeek = feeds.fetch(feeds.make("zeek", "--format", "zeek"))[2].decode().splitlines()
    feeds.check(zeek[0] == "#fields\tindicator\tindicator_type\tmeta.source", f"zeek: {zeek[0]}")
    for line in zeek[1:]:
        feeds.check(re.match(r"^[^\t]+\tIntel::(ADDR|SUBNET|DOMAIN|URL)\tshieldwall$", line), f"zeek: {line!r}")
    return plain


def why(feeds):
    found = json.loads(feeds.command("feed", "why", "--json", "evil.example.net"))
    hit = next((one for one in found["controls"] if one["control"] == "plain"), {})
    feeds.check(hit.get("indicator", "").endswith("2") and "fetched" in hit and hit.get("action") == "block", f"why: {hit}")
    for value, reason in (("red.example.net", "TLP:RED"), ("old.example.net", "expired"), ("10.0.0.1", "private")):
        feeds.check(reason in feeds.command("feed", "why", value), f"why {value} does not say {reason}")


def brake(feeds, plain):
    serial = feeds.fetch(plain)[1]["X-Feed-Serial"]
    started = time.monotonic()
    feeds.command("feed", "unblock", "--false-positive", "--why", "our own", "evil.example.net")
    text = feeds.fetch(plain)[2]
    feeds.check(b"evil" not in text and time.monotonic() - started < FALSE_POSITIVE_SECONDS, "a false positive stays")
    _, headers, change = feeds.fetch(plain, since=serial)
    feeds.check(change == b"-evil.example.net\n" and headers["X-Feed-Change"] == "delta", f"change: {change}")
    feeds.check("our own" in feeds.command("feed", "why", "evil.example.net"), "why does not say who took it out")
    feeds.command("feed", "block", "evil.example.net")
    feeds.check(b"evil" in feeds.fetch(plain)[2], "what may be blocked again is not")

    careful = feeds.make("careful", "--hold-above", "3")
    before = feeds.fetch(careful)[2]
    feeds.share(*(indicator(100 + i, f"[ipv4-addr:value = '192.0.2.{i}']") for i in range(1, 9)))
    feeds.check(feeds.fetch(careful)[2] == before, "a large change passed without a person")
    feeds.check("8 would come" in feeds.command("feed", "show", "careful"), "what is held is not shown")
    feeds.command("feed", "unblock", "198.51.100.7")
    feeds.check(b"198.51.100.7" not in feeds.fetch(careful)[2], "the never-block list waits for a person")
    feeds.command("feed", "release", "careful")
    feeds.check(feeds.fetch(careful)[2].count(b"192.0.2.") == 8, "a released change is still held")

    warning = feeds.node.folder / "warning.json"
    warning.write_text(json.dumps({"name": "ours", "type": "cidr", "list": ["192.0.2.0/29"]}))
    feeds.command("feed", "warn", warning)
    feeds.check(feeds.fetch(careful)[2].count(b"192.0.2.") == 1, "a warning list is not heeded")


def bad_input(feeds):
    for words in (("--format", "nope", "a"), ("Not Plain",), ("--kind", "url", "--format", "nftables", "b"),
                  ("plain",), ("--format", "suricata-dataset", "c")):
        done = feeds.node.run("feed", "create", "--dir", feeds.dir, *words)
        feeds.check(done.returncode not in (0, 1) and done.stderr, f"feed create {words}: {done.returncode}")


def main():
    with RunningNode(pathlib.Path(sys.argv[1]).resolve()) as node:
        feeds = Feeds(node)
        feeds.share(*OBJECTS)
        plain = formats(feeds)
        why(feeds)
        brake(feeds, plain)
        bad_input(feeds)
    for one in feeds.failed:
        print(one, file=sys.stderr)
    sys.exit(1 if feeds.failed else 0)


if __name__ == "__main__":
    main()
