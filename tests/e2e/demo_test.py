#!/usr/bin/env python3
"""The demo's story ends by itself, and its figures are those of the sample, as tools/make_demo_sample.py planted it.

usage: demo_test.py SHIELDWALL SOURCE_DIR
"""
import json
import pathlib
import subprocess
import sys

EXPECTED = {
    "members": 5, "shared": 40, "received": 40, "hidden": 3, "carried": 40,
    "lines": 12001, "hits": 15, "sightings_returned": 9, "sighted_by_two": 3,
    "asked": 2, "held": 1,
    "recalled": 3, "recall_confirmed": 2,  # the member without a line lets go of it too, and can't say so
    "refused": 2, "evidence": 1,
    "delivered": 3, "proof_verified": 3,
    "hub_found": 0,  # of "planted" names and ids, which a member's folder holds
}

binary, source = sys.argv[1], pathlib.Path(sys.argv[2])
run = subprocess.run([sys.executable, str(source / "tools/demo.py"), binary, str(source), "--once", "--json"],
                     capture_output=True, text=True, timeout=600)
assert run.returncode == 0, run.stderr
figures = json.loads(run.stdout.splitlines()[-1])
seconds = {name: figures.pop(name) for name in list(figures) if name.startswith("seconds_")}
planted, found_at_member = figures.pop("planted"), figures.pop("member_found")
assert figures == EXPECTED, f"{figures} is not {EXPECTED}\n{run.stderr}"
assert 0 < found_at_member <= planted, f"a member's files hold {found_at_member} of {planted}"
assert 0 < seconds["seconds_to_visible"] < seconds["seconds_to_sighting"], seconds
assert len(seconds) == 3 and all(one > 0 for one in seconds.values()), seconds
print(f"the loop: {seconds}")
