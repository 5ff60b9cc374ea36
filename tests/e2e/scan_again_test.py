#!/usr/bin/env python3
"""Scanning the same logs again tells the node nothing twice; what a log showed since is added.

usage: scan_again_test.py SHIELDWALL SOURCE_DIR
"""
import gzip
import json
import sys

from commands import Shieldwall

INDICATOR = "indicator--00000000-0000-4000-8000-000000000001"
OTHER = "indicator--00000000-0000-4000-8000-000000000002"


def indicator(identifier, value):
    return {"type": "indicator", "spec_version": "2.1", "id": identifier, "created": "2020-01-01T00:00:00.000Z",
            "modified": "2020-01-01T00:00:00.000Z", "pattern": f"[domain-name:value = '{value}']",
            "pattern_type": "stix", "valid_from": "2020-01-01T00:00:00Z", "indicator_types": ["unknown"], "name": value}


def lines(first, last):
    """One a minute, every tenth with the bad domain; enough for a head of its own."""
    return "".join(json.dumps({"ts": f"2023-11-{14 + i // 720}T{10 + i // 60 % 12:02}:{i % 60:02}:00Z", "uid": f"C{i:08}",
                               "query": "bad.example" if i % 10 == 0 else f"host{i}.example"}) + "\n"
                   for i in range(first, last))


class Scans:
    def __init__(self, shieldwall):
        self.shieldwall = shieldwall
        self.node = shieldwall.node()
        self.logs = shieldwall.folder / "logs"
        self.logs.mkdir()

    def share(self, *objects):
        path = self.shieldwall.folder / "intel.json"
        path.write_text("\n".join(map(json.dumps, objects)))
        self.shieldwall.expect("import", 0, ["import", "--dir", self.node, path])

    def scan(self, what, said, counts, *words, **more):
        self.shieldwall.expect(f"scan {what}", 1, ["scan", "--dir", self.node, "--sightings", *(words or [self.logs])],
                               said, **more)
        told = self.shieldwall.run("sighting", "list", "--own", "--json", "--dir", self.node)
        held = {one["indicator"]: one["count"] for one in json.loads(told.stdout)["indicators"]}
        self.shieldwall.check(held == counts, f"after scan {what}: {held} is not {counts}")


def main():
    shieldwall = Shieldwall(sys.argv[1])
    scans = Scans(shieldwall)
    scans.share(indicator(INDICATOR, "bad.example"))
    (scans.logs / "dns.log").write_text(lines(0, 100))
    scans.scan("for the first time", "added 2 counts\n", {INDICATOR: 10})
    scans.scan("again", "added 0 counts; 2 were told by the same logs before", {INDICATOR: 10})
    with open(scans.logs / "dns.log", "a") as log:
        log.write(lines(100, 150))
    scans.scan("of a log that grew", "added 2 counts; 1 were told", {INDICATOR: 15})
    (scans.logs / "dns.1.log.gz").write_bytes(gzip.compress((scans.logs / "dns.log").read_bytes()))
    (scans.logs / "dns.log").unlink()
    scans.scan("of a log that was renamed and packed", "added 0 counts", {INDICATOR: 15})
    scans.share(indicator(OTHER, "host33.example"))
    scans.scan("for another indicator too", "added 1 counts", {INDICATOR: 15, OTHER: 1})
    (scans.logs / "other.log").write_text(lines(1000, 1100))
    scans.scan("of another log too", "added 3 counts", {INDICATOR: 25, OTHER: 1})
    piped = lines(2000, 2100).encode()
    scans.scan("of a pipe", "added 2 counts\n", {INDICATOR: 35, OTHER: 1}, "-", stdin=piped)
    scans.scan("of the same pipe", "added 0 counts; 2", {INDICATOR: 35, OTHER: 1}, "-", stdin=piped)
    (scans.logs / "notes.txt").write_text("saw bad.example\n" + "and nothing else\n" * 100)
    scans.scan("of text without times", "added 1 counts", {INDICATOR: 36, OTHER: 1})
    scans.scan("of text without times again", "added 0 counts", {INDICATOR: 36, OTHER: 1})
    return shieldwall.end("scans")


sys.exit(main())
