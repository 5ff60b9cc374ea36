#!/usr/bin/env python3
"""The demo's loop ends by itself and its figures are those of the sample, whose truth tools/make_demo_sample.py planted.

usage: demo_test.py SHIELDWALL SOURCE_DIR
"""
import json
import pathlib
import subprocess
import sys

binary, source = sys.argv[1], pathlib.Path(sys.argv[2])
run = subprocess.run([sys.executable, str(source / "tools/demo.py"), binary, str(source), "--once", "--json"],
                     capture_output=True, text=True, timeout=300)
assert run.returncode == 0, run.stderr
figures = json.loads(run.stdout.splitlines()[-1])
seconds = figures.pop("seconds_to_sighting")
expected = {"members": 2, "shared": 40, "received": 40, "hidden": 3, "lines": 12001, "hits": 15, "sightings_returned": 9}
assert figures == expected, f"{figures} is not {expected}"
assert seconds > 0
print(f"the loop took {seconds} s")
