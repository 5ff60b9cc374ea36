#!/usr/bin/env python3
"""The past: what scans remember, asked about indicators that come later, by a person and by the node itself.

usage: hunt_test.py SHIELDWALL SOURCE_DIR
"""
import json
import pathlib
import sys
import time

from running_node import RunningNode

ARRIVAL_SECONDS = 30
INDICATOR = {"type": "indicator", "spec_version": "2.1", "id": "indicator--00000000-0000-4000-8000-000000000001",
             "created": "2024-01-01T00:00:00.000Z", "modified": "2024-01-01T00:00:00.000Z", "name": "beacon",
             "pattern": "[domain-name:value = 'late.example.net']", "pattern_type": "stix",
             "valid_from": "2024-01-01T00:00:00Z"}


def longest_said_holds(node, check, past, nothing, values):
    """How long the past is kept is said once; a scan that says nothing of it forgets nothing more."""
    log = node.folder / "old.log"
    log.write_text(json.dumps({"ts": 1_600_000_000, "query": "late.example.net"}) + "\n")

    def scan(*more):
        return node.run("scan", "--remember", past, *more, "--intel", nothing, log)

    def is_found():
        return node.run("hunt", "--past", past, "--since", "2020-01-01", values).returncode == 1

    check(scan("--remember-days", "0").returncode == 0 and is_found(), "a log of any age is not kept")
    again = scan()
    check("forgot" not in again.stderr and is_found(), f"a scan that says nothing of days forgets: {again}")
    check("forgot" not in scan("--remember-mb", "1000").stderr and is_found(), "a bound of bytes changes the days")
    shorter = scan("--remember-days", "30")
    check("forgot" in shorter.stderr and not is_found(), f"a shorter time is not heeded: {shorter}")
    check(scan().returncode == 0 and not is_found(), "the shorter time does not hold")
    check(scan("--remember-days", "soon").returncode == 2, "--remember-days takes anything")
    (past / "retention").write_text("?")
    damaged = scan()
    check(damaged.returncode == 4 and "retention" in damaged.stderr, f"damaged retention: {damaged}")


def main():
    failed = []

    def check(good, said):
        if not good:
            failed.append(said)

    with RunningNode(pathlib.Path(sys.argv[1]).resolve()) as node:
        folder, home = node.folder, node.folder / "node"
        log = folder / "dns.log"
        log.write_text("".join(json.dumps({"ts": time.time() - 86400 * 30, "query": f"host{i}.example.net"}) + "\n"
                               for i in range(1000)) + json.dumps({"ts": time.time() - 86400 * 30,
                                                                   "query": "www.late.example.net"}) + "\n")
        values = folder / "values.txt"
        values.write_text("late.example.net\n")
        nothing = folder / "nothing.txt"
        nothing.write_text("never.example.net\n")
        check(node.run("hunt", "--past", home / "past", values).returncode == 5, "a hunt where no past is kept")
        scanned = node.run("scan", "--remember", home / "past", "--intel", nothing, log)
        check(scanned.returncode == 0 and "remembered" in scanned.stderr, f"scan --remember: {scanned}")
        found = node.run("hunt", "--dir", home, "--json", values)
        check(found.returncode == 1, f"hunt: {found}")
        hit = json.loads(found.stdout or "{}")
        check(hit.get("line") == 1001 and hit.get("state") == "confirmed" and "www.late" in hit.get("raw", ""),
              f"hit: {hit}")
        check(node.run("hunt", "--dir", home, "--since", "7d", values).returncode == 0, "--since is not heeded")
        check(node.run("hunt", "--dir", home, nothing).returncode == 0, "something is found that is nowhere")
        check(node.run("hunt", "--dir", home, "--since", "yesterday", values).returncode == 2, "--since takes anything")

        check(node.run("hunt", "results", "--dir", home).returncode == 0, "results before anything arrived")
        bundle = folder / "intel.json"
        bundle.write_text(json.dumps(INDICATOR))
        check(node.run("import", "--dir", home, bundle).returncode == 0, "import")
        until = time.monotonic() + ARRIVAL_SECONDS
        while (results := node.run("hunt", "results", "--json", "--dir", home)).returncode == 0 and time.monotonic() < until:
            time.sleep(0.2)
        told = json.loads(results.stdout.splitlines()[0]) if results.stdout else {}
        check(told.get("value") == "www.late.example.net" and told.get("state") == "confirmed", f"results: {results}")

        longest_said_holds(node, check, folder / "kept", nothing, values)

        hot = next((home / "past").glob("*.hot"))
        hot.write_bytes(hot.read_bytes()[:5000])
        damaged = node.run("hunt", "--dir", home, values)
        check(damaged.returncode == 4 and hot.stem in damaged.stderr, f"a damaged segment: {damaged}")
        log.unlink()
    for one in failed:
        print(one, file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
