#!/usr/bin/env python3
"""`scan -`: what a slow writer wrote is printed while the pipe stays open, and a signal ends the wait.

usage: scan_stream_test.py SHIELDWALL SOURCE_DIR
"""
import json
import select
import signal
import subprocess
import sys
import time

from commands import START_SECONDS, Shieldwall

TOLD_SECONDS = 2  # a second is promised; a busy machine gets two


def line_of(process, seconds):
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    return json.loads(process.stdout.readline()) if ready else None


def main():
    shieldwall = Shieldwall(sys.argv[1])
    intel = shieldwall.folder / "intel.txt"
    intel.write_text("192.0.2.7\n")
    process = subprocess.Popen([shieldwall.binary, "scan", "--json", "--intel", str(intel), "-"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, cwd=shieldwall.folder)
    for number, wait in ((1, START_SECONDS), (2, TOLD_SECONDS), (3, TOLD_SECONDS)):
        process.stdin.write(b'{"src":"192.0.2.7"}\n')
        hit = line_of(process, wait)
        shieldwall.check(hit is not None and (hit["source"], hit["line"]) == ("-", number), f"line {number}: {hit}")
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=START_SECONDS)
        told = process.stderr.read()
        shieldwall.check(b"interrupted" in told, f"the end says {told}")
    except subprocess.TimeoutExpired:
        process.kill()
    shieldwall.check(time.monotonic() - begun < 10, "it waited for its pipe after it was told to end")
    return shieldwall.end("scan of a stream")


sys.exit(main())
