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

from commands import Shieldwall, test_size
from watch_test import EVENT_LOG, EVENT_RULE

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
        path = shieldwall.folder / f"cut.log.{end}"
        path.write_bytes(whole[:-20])
        for words in (["scan"], ["watch", "--once", "--state", shieldwall.folder / f"state-{end}"]):
            told = shieldwall.expect(f"{words[0]} of a cut {end} with a hit", DAMAGED, [*words, "--intel", intel, path],
                                     "not looked through to the end")
            shieldwall.check(b"saw" in told.stdout or b"bad.example" in told.stdout, f"{words[0]}: the hit in front is lost")
        path.unlink()
        half = bytearray(whole)
        half[len(whole) // 2] ^= 0xFF
        for what, content in (("cut", whole[:len(whole) * 2 // 3]), ("damaged", bytes(half))):
            path = shieldwall.folder / f"{what}.log.{end}"
            path.write_bytes(content)
            told = shieldwall.expect(f"scan of a {what} {end}", (1, DAMAGED), ["scan", "--intel", intel, path])
            shieldwall.check(path.name.encode() in told.stderr, f"scan of a {what} {end} does not name it")
            path.unlink()


def nothing_looked_for(shieldwall):
    """Where nothing is looked for, or looked through, nobody is told that all is clear."""
    folder = shieldwall.folder / "nothing"
    (folder / "empty").mkdir(parents=True)
    (folder / "empty.txt").touch()
    (folder / "log").write_text("saw bad.example\n")
    (folder / "intel").write_text("bad.example\n")
    (folder / "no.yml").write_text("title: no rule\n")
    (folder / "past").mkdir()
    shieldwall.expect("a past", 1, ["scan", "--remember", folder / "past", "--intel", folder / "intel", folder / "log"])
    (folder / "le").write_bytes("saw bad.example\r\n".encode("utf-16"))
    (folder / "be").write_bytes("saw bad.example\n".encode("utf-16-be"))
    (folder / "le.gz").write_bytes(gzip.compress("saw bad.example\n".encode("utf-16-le")))
    (folder / "utf16.txt").write_bytes("bad.example\n".encode("utf-16"))
    no_indicator, no_rule, no_log, utf16 = "no indicator to look for", "no rule to look for", "no log", "UTF-16"
    watch = ["watch", "--once", "--state", folder / "state"]
    intel = ["--intel", folder / "intel"]
    for words, status, said in (
            (["scan", "--intel", folder / "empty.txt", folder / "log"], 4, no_indicator),
            (["scan", "--intel", folder / "utf16.txt", folder / "log"], 4, utf16),
            (["scan", "--sigma", folder / "empty.txt", folder / "log"], 4, no_rule),
            (["scan", "--sigma", folder / "empty", folder / "log"], 4, no_rule),
            (["scan", "--sigma", folder / "no.yml", folder / "log"], 4, no_rule),
            (["scan", *intel, folder / "empty"], 5, no_log),
            (["scan", *intel, folder / "le"], 4, utf16),
            (["scan", *intel, folder / "be"], 4, utf16),
            (["scan", *intel, folder / "le.gz"], 4, utf16),
            ([*watch, "--intel", folder / "empty.txt", folder / "log"], 4, no_indicator),
            ([*watch, "--sigma", folder / "empty", folder / "log"], 4, no_rule),
            ([*watch, *intel, folder / "missing.log"], 5, no_log),
            ([*watch, *intel, folder / "empty"], 5, no_log),
            ([*watch, *intel, folder / "*.none"], 5, no_log),
            ([*watch, *intel, folder / "be"], 4, utf16),
            ([*watch, *intel, folder / "le.gz"], 4, utf16),
            (["hunt", "--past", folder / "past", folder / "empty.txt"], 4, no_indicator),
            (["matcher", "build", "--intel", folder / "empty.txt", folder / "matcher"], 4, no_indicator),
            (["sigma", "check", folder / "empty.txt"], 4, "holds no rule")):
        shieldwall.expect(f"`{' '.join(map(str, words))}`", status, words, said)
    shieldwall.check(not (folder / "matcher").exists(), "a matcher of nothing was written")
    shieldwall.expect("standard input in UTF-16", 4, ["scan", *intel, "-"], utf16, stdin=(folder / "le").read_bytes())
    shieldwall.expect("watch of what is there and is not", 1, [*watch, *intel, folder / "log", folder / "missing.log"], no_log)


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
    terms_max = test_size("hostile_terms")
    damaged_logs(shieldwall)
    nothing_looked_for(shieldwall)
    event_logs(shieldwall, data)
    long_lines(shieldwall, test_size("line_megabytes") << 20)
    hostile_patterns(shieldwall, terms_max)
    hostile_rules(shieldwall, terms_max)
    return shieldwall.end("hostile inputs of detection")


if __name__ == "__main__":
    sys.exit(main())
