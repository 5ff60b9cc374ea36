#!/usr/bin/env python3
"""Plays the loop of an alliance of two on this machine and tells it as a short story.

usage: tools/demo.py SHIELDWALL SOURCE_DIR [--once] [--json] [--logs PATH] [--keep FOLDER]
The CERT of Northland shares indicators under a policy; Harbour Energy receives what it may see, finds it in its logs and
its sightings flow back. Every step is a command or request that a user could give.
"""
import argparse
import base64
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

CIRCLE = "7d1f3a52-0a57-4f6e-9c1d-2f6f4a1f0c11"
CERT = "3e1b1c52-9d51-4c3f-8a5e-5f1d3a8f9b10"
COMPANY = "a4c2f5f0-52a7-4d7e-b0a4-1f8f9e7c5d21"
START_SECONDS = 20


class Demo:
    def __init__(self, options):
        self.options = options
        self.binary = str(pathlib.Path(options.shieldwall).resolve())
        self.samples = pathlib.Path(options.source_dir).resolve() / "samples/demo"
        self.folder = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="shieldwall-demo-"))
        self.nodes = []
        self.figures = {}

    def say(self, text):
        print(text, file=sys.stderr if self.options.json else sys.stdout, flush=True)

    def run(self, *words, environment=None, allowed=(0,), stdin=None):
        """One command; its standard output. Says the command's own words when it fails."""
        result = subprocess.run([self.binary, *map(str, words)], capture_output=True, text=True, input=stdin,
                                env=dict(os.environ, **(environment or {})))
        if result.returncode not in allowed:
            sys.exit(f"demo: `shieldwall {' '.join(map(str, words))}` ended with {result.returncode}:\n{result.stderr}")
        return result.stdout

    def json(self, *words, **more):
        out = self.run(*words, "--json", **more)
        return [json.loads(line) for line in out.splitlines() if line.strip()]


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Node:
    """One running member."""

    def __init__(self, demo, name, organisation, uuid, nation):
        self.demo, self.organisation, self.uuid = demo, organisation, uuid
        self.folder = demo.folder / name
        self.port = free_port()
        self.process = None
        demo.run("init", "--dir", self.folder, "--organisation", organisation, "--id", uuid, "--nation", nation,
                 "--port", self.port)

    def run(self, *words, **more):
        return self.demo.run(*words, "--dir", self.folder, **more)

    def json(self, *words, **more):
        return self.demo.json(*words, "--dir", self.folder, **more)

    def url(self, path=""):
        return f"https://127.0.0.1:{self.port}{path}"

    def authority(self):
        return self.folder / "tls/ca.pem"

    def serve(self):
        log = open(self.folder / "serve.log", "wb")
        self.process = subprocess.Popen([self.demo.binary, "serve", "--dir", str(self.folder)], stdout=log, stderr=log)
        context = ssl.create_default_context(cafile=str(self.authority()))
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                with urllib.request.urlopen(self.url("/readyz"), context=context, timeout=2) as answer:
                    if answer.status == 200:
                        return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        sys.exit(f"demo: the node of {self.organisation} did not start:\n{(self.folder / 'serve.log').read_text()[-2000:]}")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=START_SECONDS)


def found_alliance(demo):
    cert = Node(demo, "cert", "CERT of Northland", CERT, "NLD")
    company = Node(demo, "company", "Harbour Energy", COMPANY, "NLD")
    demo.nodes += [cert, company]
    demo.password = base64.urlsafe_b64encode(os.urandom(18)).decode()
    cert.run("member", "add", "Harbour Energy", "--id", COMPANY, "--hosted")
    cert.run("user", "add", "harbour-node", "--organisation", "Harbour Energy", "--role", "publisher", "--role", "reader",
             "--password-env", "DEMO_PASSWORD", environment={"DEMO_PASSWORD": demo.password})
    cert.run("circle", "add", "Energy sector", "--id", CIRCLE, "--alias", "energy", "--root", "default", "--member",
             "Harbour Energy", "--unmarked-tlp", "amber")
    company.run("member", "add", "CERT of Northland", "--id", CERT)
    company.run("circle", "add", "Energy sector", "--alias", "energy", "--root", "default", "--member",
                "CERT of Northland", "--unmarked-tlp", "amber")
    company.run("sighting", "choose", "energy", "counts")
    return cert, company


def share(demo, cert):
    """The CERT releases what the sector may know and keeps what would betray a source."""
    demo.started = time.monotonic()
    shared = cert.json("import", demo.samples / "shared.json", "--circle", "energy")[0]["report"]
    hidden = cert.json("import", demo.samples / "hidden.json")[0]["report"]
    demo.figures["shared"] = shared["stored"]
    demo.say(f"{cert.organisation} released {shared['stored']} objects into the circle \"Energy sector\" (TLP:AMBER)\n"
             f"  and keeps {hidden['stored']} more to itself: naming them would betray a source.")
    return hidden["stored"]


def receive(demo, cert, company, hidden):
    environment = {"SHIELDWALL_TAXII_PASSWORD": demo.password}
    pulled = company.json("taxii", "pull", cert.url(f"/default/collections/{CIRCLE}/"), "--circle", "energy", "--ca",
                          cert.authority(), "--user", "harbour-node", environment=environment)[-1]
    demo.figures["received"] = pulled["objects"]
    everything = demo.figures["shared"] + hidden
    demo.figures["hidden"] = everything - pulled["objects"]
    demo.say(f"{company.organisation} pulled over TAXII 2.1 and received {pulled['objects']}; of the other "
             f"{demo.figures['hidden']} it can't tell that they exist.")


def find(demo, company):
    """Harbour Energy looks for what it received in its own telemetry, and keeps hourly counts of what it met."""
    logs = demo.options.logs or demo.samples / "logs"
    told = company.run("scan", "--sightings", logs, allowed=(0, 1))
    totals = re.search(r"(\d+) hits of (\d+) indicators, \d+ looked for, in (\d+) lines of (\d+) files", told)
    demo.figures["lines"], demo.figures["hits"] = int(totals[3]), int(totals[1])
    demo.say(f"{company.organisation} read {totals[3]} lines of its logs and met {totals[2]} of the indicators, "
             f"{totals[1]} times.")


def tell_back(demo, cert, company):
    environment = {"SHIELDWALL_TAXII_PASSWORD": demo.password}
    company.run("sighting", "send")
    company.run("taxii", "push", cert.url(f"/default/collections/{CIRCLE}/"), "--circle", "energy", "--ca",
                cert.authority(), "--user", "harbour-node", environment=environment)
    returned = cert.json("sighting", "list")[0]["indicators"]
    demo.figures["sightings_returned"] = len(returned)
    demo.figures["seconds_to_sighting"] = round(time.monotonic() - demo.started, 2)
    demo.say(f"{cert.organisation} sees that {len(returned)} of its indicators were met by 1 member, "
             f"{demo.figures['seconds_to_sighting']} seconds after it shared them.")


def play(demo):
    cert, company = found_alliance(demo)
    hidden = share(demo, cert)
    cert.serve()
    receive(demo, cert, company, hidden)
    find(demo, company)
    tell_back(demo, cert, company)
    company.serve()
    demo.figures = {"members": 2, **demo.figures}
    return cert, company


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shieldwall")
    parser.add_argument("source_dir")
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--logs")
    parser.add_argument("--keep")
    demo = Demo(parser.parse_args())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        cert, company = play(demo)
        if demo.options.json:
            print(json.dumps(demo.figures), flush=True)
        if not demo.options.once:
            demo.say(f"\nBoth nodes stay up until Ctrl-C:\n  {cert.organisation:<20} {cert.url('/')}\n"
                     f"  {company.organisation:<20} {company.url('/')}\n  folders in {demo.folder}")
            signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        for node in demo.nodes:
            node.stop()
        if not demo.options.keep:
            shutil.rmtree(demo.folder, ignore_errors=True)


main()
