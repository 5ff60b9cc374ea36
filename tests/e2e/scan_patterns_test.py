#!/usr/bin/env python3
"""`scan` holds STIX patterns of every kind against logs, from files and from a node, those of several events by time over all files.

usage: scan_patterns_test.py SHIELDWALL SOURCE_DIR
"""
import json
import sys

from commands import Shieldwall

PATTERNS = {
    1: "[network-traffic:dst_ref.value = '192.0.2.7' AND network-traffic:dst_port = 4444]",
    2: "[domain-name:value LIKE 'update-%.example']",
    3: "([domain-name:value = 'first.example'] FOLLOWEDBY [network-traffic:dst_port = 8443]) WITHIN 60 SECONDS",
    4: "[domain-name:value LIKE '%']",
    5: "[domain-name:value MATCHES '^(a)\\\\1$']",
    6: "[network-traffic:dst_ref.value = '192.0.2.7' AND network-traffic:dst_port = 80]",
    7: "[network-traffic:dst_ref.value = '192.0.2.7' AND network-traffic:dst_port IN (80, 4444)]",
    8: "[domain-name:value LIKE 'quiet%']",
}
# What takes patterns away from events that fit them.
REVOKED, OVER, LATER = 6, 7, 8
DNS = [(1, "query", "update-3.example"), (2, "query", "quiet.example"), (10, "query", "first.example"),
       (500, "query", "first.example")]
CONN = [(3, 4444), (4, 80), (60, 8443), (61, 8443), (570, 8443)]
# Which indicator hits where; the third's two events lie in two files.
HITS = {(2, "dns.log", 1), (1, "conn.log", 1), (3, "conn.log", 3)}


def identifier(number):
    return f"indicator--00000000-0000-4000-8000-{number:012}"


def indicator(number):
    more = {REVOKED: {"revoked": True}, OVER: {"valid_until": "2020-02-01T00:00:00Z"}, LATER: {"valid_from": "2999-01-01T00:00:00Z"}}
    return {"type": "indicator", "spec_version": "2.1", "id": identifier(number), "created": "2020-01-01T00:00:00.000Z",
            "modified": "2020-01-01T00:00:00.000Z", "pattern": PATTERNS[number], "pattern_type": "stix",
            "valid_from": "2020-01-01T00:00:00Z", "indicator_types": ["unknown"], "name": f"pattern {number}", "confidence": 60} | more.get(number, {})


def write_logs(folder):
    folder.mkdir()
    (folder / "dns.log").write_text("".join(
        json.dumps({"ts": 1700000000 + at, "id.orig_h": "198.51.100.1", name: value}) + "\n" for at, name, value in DNS))
    (folder / "conn.log").write_text("".join(
        json.dumps({"ts": 1700000000 + at, "id.orig_h": "198.51.100.1", "id.resp_h": "192.0.2.7", "id.resp_p": port})
        + "\n" for at, port in CONN))


def hits_of(shieldwall, folder, *words, **more):
    told = shieldwall.run(*words, "--json", **more)
    found = [json.loads(line) for line in told.stdout.splitlines()]
    for one in found:
        shieldwall.check(one["field"] == "pattern" and one["pattern"] in PATTERNS.values(), f"a hit says {one}")
    return {(int(one["indicator"][-12:]), one["source"].removeprefix(f"{folder}/"), one["line"]) for one in found}, told


def main():
    shieldwall = Shieldwall(sys.argv[1])
    logs, intel = shieldwall.folder / "logs", shieldwall.folder / "intel.json"
    write_logs(logs)
    intel.write_text("\n".join(json.dumps(indicator(number)) for number in PATTERNS))
    found, told = hits_of(shieldwall, logs, "scan", "--intel", intel, logs)
    shieldwall.check(found == HITS, f"scan found {found}")
    shieldwall.check(told.returncode == 1, f"scan ended with {told.returncode}")
    for reason in (f"{identifier(4)} (its pattern would match every name", f"not used: {identifier(5)} ("):
        shieldwall.check(reason in told.stderr.decode(), f"not told: {reason}: {told.stderr.decode()}")
    table = shieldwall.expect("scan as a table", 1, ["scan", "--intel", intel, logs], "3 hits of 3 indicators, 4 looked for")
    shieldwall.check(PATTERNS[3] in table.stdout.decode(), "the table does not name the pattern")
    watched, _ = hits_of(shieldwall, logs, "watch", "--once", "--state", shieldwall.folder / "state", "--intel", intel,
                         logs / "dns.log", logs / "conn.log")
    # As events come: those of conn.log are too late for the third, after the last of dns.log.
    shieldwall.check(watched == HITS - {(3, "conn.log", 3)}, f"watch found {watched}")
    from_matcher_file(shieldwall, intel, logs, watched)
    both = (logs / "dns.log").read_bytes() + (logs / "conn.log").read_bytes()
    piped, told = hits_of(shieldwall, logs, "scan", "--intel", intel, "-", stdin=both)
    shieldwall.check({number for number, _, _ in piped} == {1, 2}, f"of standard input: {piped}")
    shieldwall.check("may have missed hits: 2 events" in told.stderr.decode(), f"not told: {told.stderr.decode()}")
    from_node(shieldwall, intel, logs)
    return shieldwall.end("scans with patterns")


def from_matcher_file(shieldwall, intel, logs, watched):
    """What a compiled file holds finds what its indicators find, to the letter."""
    compiled = shieldwall.folder / "intel.matcher"
    shieldwall.expect("build", 0, ["matcher", "build", "--intel", intel, compiled], "and 4 patterns of 8 indicators")
    shieldwall.expect("info", 0, ["matcher", "info", compiled], "4 patterns")
    told = [shieldwall.run("scan", "--json", *by, logs) for by in (("--intel", intel), ("--matcher", compiled))]
    shieldwall.check(told[0].stdout == told[1].stdout and told[0].returncode == told[1].returncode == 1,
                     f"scan of the file found {told[1].stdout}, of its indicators {told[0].stdout}")
    found, _ = hits_of(shieldwall, logs, "watch", "--once", "--state", shieldwall.folder / "state-2", "--matcher", compiled,
                       logs / "dns.log", logs / "conn.log")
    shieldwall.check(found == watched, f"watch of the file found {found}, of its indicators {watched}")
    beside = shieldwall.folder / "beside.txt"
    beside.write_text("quiet.example\n")
    told = shieldwall.run("watch", "--once", "--json", "--state", shieldwall.folder / "state-3", "--matcher", compiled, "--intel",
                          beside, logs / "dns.log")
    shieldwall.check(told.stdout.count(b'"value":"quiet.example"') == 1 and b"update-%" in told.stdout, f"beside: {told.stdout}")


def from_node(shieldwall, intel, logs):
    node = shieldwall.node()
    shieldwall.expect("import", 0, ["import", "--dir", node, intel])
    for said in ("the node added 3 counts", "added 0 counts; 3 were told"):
        shieldwall.expect("scan for what a node knows", 1, ["scan", "--dir", node, "--sightings", logs], said)
    beside = shieldwall.folder / "one.matcher"
    nothing = shieldwall.folder / "list.txt"
    nothing.write_text("unseen.example\n")
    shieldwall.expect("matcher build", 0, ["matcher", "build", "--intel", nothing, beside])
    shieldwall.expect("scan with a matcher file and patterns beside", 1,
                      ["scan", "--matcher", beside, "--intel", intel, logs], "3 hits of 3 indicators, 5 looked for")


sys.exit(main())
