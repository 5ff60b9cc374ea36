#!/usr/bin/env python3
"""What would stop a search, or make it find everything, is refused or held with its reason, in bounded time.

usage: bad_detection_test.py SHIELDWALL SOURCE_DIR
Logs that are cut or damaged, lines without end, and patterns, rules and indicators that are hostile or match everything.
"""
import gzip
import json
import lzma
import pathlib
import shutil
import subprocess
import sys

from commands import Shieldwall
from watch_test import EVENT_LOG, EVENT_RULE, size_of

DAMAGED = 4


def rule(detection, condition):
    return f"title: t\nid: 11111111-2222-4333-8444-777777777777\nlogsource: {{product: zeek, service: dns}}\n" \
           f"detection:\n{detection}  condition: {condition}\n"


def damaged_logs(shieldwall):
    """What is whole in front of the damage is found; the damage is told."""
    intel = shieldwall.folder / "intel.txt"
    intel.write_text("bad.example\n")
    text = b"saw bad.example\n" + b"".join(b"line %d\n" % i for i in range(200_000))
    packed = {"gz": gzip.compress(text), "xz": lzma.compress(text)}
    if shutil.which("zstd"):
        packed["zst"] = subprocess.run(["zstd", "-qc"], input=text, capture_output=True).stdout
    else:
        print("skipped: zstd is not installed")
    for end, whole in packed.items():
        half = bytearray(whole)
        half[len(whole) // 2] ^= 0xFF
        for what, content in (("cut", whole[:len(whole) * 2 // 3]), ("damaged", bytes(half))):
            path = shieldwall.folder / f"{what}.log.{end}"
            path.write_bytes(content)
            told = shieldwall.expect(f"scan of a {what} {end}", (1, DAMAGED), ["scan", "--intel", intel, path])
            shieldwall.check(path.name.encode() in told.stderr, f"scan of a {what} {end} does not name it")
            path.unlink()


def event_logs(shieldwall, data):
    log = pathlib.Path(data) / EVENT_LOG
    if not log.exists():
        print("skipped: ../shared/data/sigma is not there")
        return
    rules = shieldwall.folder / "events.yml"
    rules.write_text(EVENT_RULE)
    whole = log.read_bytes()
    flipped = bytearray(whole)
    for at in range(5000, len(flipped), 97):
        flipped[at] ^= 0x5A
    for what, content in (("empty behind its mark", whole[:8]), ("half", whole[:len(whole) // 2]),
                          ("cut in its head", whole[:100]), ("flipped", bytes(flipped)),
                          ("of zeros", whole[:4096] + bytes(len(whole) - 4096))):
        path = shieldwall.folder / "bad.evtx"
        path.write_bytes(content)
        shieldwall.expect(f"scan of an event log {what}", (0, 1, DAMAGED), ["scan", "--sigma", rules, path])


def long_lines(shieldwall, line_bytes):
    """A line of 100 MB (at full size) is cut and counted; those behind it are found."""
    intel = shieldwall.folder / "intel.txt"
    for what, unit in (("letters", b"a"), ("fields", b'"a":1,')):
        log = shieldwall.folder / "long.log"
        first = b'{"x":1' if what == "fields" else b""
        log.write_bytes(first + unit * (line_bytes // len(unit)) + b"\n" + b'{"query":"bad.example"}\n')
        shieldwall.expect(f"scan of a line of {what}", 1, ["scan", "--intel", intel, log], "long.log:2")
        log.unlink()


def hostile_patterns(shieldwall, terms_max):
    def check(what, pattern, statuses, said=None):
        # Longer than an argument may be: through an indicator.
        bundle = shieldwall.folder / "hostile.json"
        bundle.write_text(json.dumps({"type": "indicator", "spec_version": "2.1", "id":
                                      "indicator--00000000-0000-4000-8000-000000000009", "created": "2020-01-01T00:00:00.000Z",
                                      "modified": "2020-01-01T00:00:00.000Z", "pattern": pattern, "pattern_type": "stix",
                                      "valid_from": "2020-01-01T00:00:00Z", "indicator_types": ["unknown"], "name": "n"}))
        log = shieldwall.folder / "some.log"
        log.write_text('{"query":"h99.example"}\n')
        shieldwall.expect(what, statuses, ["watch", "--once", "--intel", bundle, "--state",
                                           shieldwall.folder / f"state-{what.replace(' ', '-')}", log], said)

    terms = " OR ".join(f"domain-name:value = 'h{i}.example'" for i in range(terms_max))
    check("as many terms as can be", f"[{terms}]", (0, 1, 4))
    terms = " OR ".join(f"domain-name:value LIKE '%h{i}.example'" for i in range(terms_max // 5))
    check("very many LIKE", f"[{terms}]", (0, 1, 4))
    check("nested brackets", "[" + "(" * 50_000 + "domain-name:value = 'a'" + ")" * 50_000 + "]", (0, 4), "not used")
    check("nested observations", "(" * 50_000 + "[domain-name:value = 'a']" + ")" * 50_000, (0, 4), "not used")
    check("an exploding expression", "[domain-name:value MATCHES '(a+)+(b+)+(((x{1,900}){1,900}){1,900})$']", (0, 4), "not used")
    check("a back reference", "[domain-name:value MATCHES '(a)\\\\1']", (0, 4), "not used")
    check("every name", "[domain-name:value LIKE '%']", (0, 4), "would match every")
    check("every address", "[ipv4-addr:value ISSUBSET '0.0.0.0/0']", (0, 4), "every address")
    check("a public suffix", "[domain-name:value = 'co.uk']", (0, 4), "public suffix")


def hostile_rules(shieldwall, terms_max):
    def check(what, text, statuses, said=None):
        path = shieldwall.folder / "hostile.yml"
        path.write_text(text)
        shieldwall.expect(what, statuses, ["sigma", "check", path], said)

    values = "".join(f"      - h{i}.example\n" for i in range(terms_max))
    check("a rule of very many values", rule(f"  s:\n    query:\n{values}", "s"), (0, 4))
    check("a rule of nested NOT", rule("  s: {query: a}\n", "not " * 20_000 + "s"), (0, 4))
    check("a rule of nested brackets", rule("  s: {query: a}\n", "(" * 20_000 + "s" + ")" * 20_000), (0, 4))
    check("a rule with an exploding expression",
          rule("  s: {query|re: '(a+)+(((x{1,900}){1,900}){1,900})$'}\n", "s"), 4)
    for what, detection in (("any text", "  s: {query: '*'}\n"), ("every address", "  s: {id.orig_h|cidr: 0.0.0.0/0}\n"),
                            ("the empty text inside", "  s: {query|contains: ''}\n")):
        check(f"a rule of {what}", rule(detection, "s"), 4, "approve")


def main():
    shieldwall = Shieldwall(sys.argv[1])
    data = pathlib.Path(sys.argv[2]) / "../shared/data/sigma"
    terms_max = size_of("hostile_terms", sys.argv[2])
    damaged_logs(shieldwall)
    event_logs(shieldwall, data)
    long_lines(shieldwall, size_of("line_megabytes", sys.argv[2]) << 20)
    hostile_patterns(shieldwall, terms_max)
    hostile_rules(shieldwall, terms_max)
    return shieldwall.end("hostile inputs of detection")


if __name__ == "__main__":
    sys.exit(main())
