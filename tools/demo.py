#!/usr/bin/env python3
"""Plays the loop of an alliance of five on this machine and tells it as a short story.

usage: tools/demo.py SHIELDWALL SOURCE_DIR [--once] [--json] [--logs PATH] [--keep FOLDER] [--check]
Two nations, a company, a hub that carries what it cannot read, and a member without a line that takes files. Every step
is a command or request that a user could give.
"""
import argparse
import json
import os
import shutil
import signal
import sys

import demo_story as story
from demo_node import Demo, Node, at_once, free_port

ALLIANCE = "Northern Shield"
NORTHLAND = "3e1b1c52-9d51-4c3f-8a5e-5f1d3a8f9b10"  # who created the sample's objects
MEMBERS = """\
  CERT of Northland  of a nation; founded it
  CERT of Westmark   of another nation
  Harbour Energy     a company in Northland
  Shield Hub         carries between them what it can't read; nobody else can be called
  Skerry Radar       has no line to anybody: takes files from a stick
"""


def found_alliance(demo):
    """The founder enrols each by the request that its operator brought."""
    members = [("northland", "CERT of Northland", "--id", NORTHLAND, "--nation", "NLD"),
               ("westmark", "CERT of Westmark", "--nation", "WMK"),
               ("harbour", "Harbour Energy", "--nation", "NLD"),
               ("hub", "Shield Hub", "--hub", "--members-port", free_port()),
               ("skerry", "Skerry Radar", "--nation", "NLD", "--air-gapped")]
    demo.nodes = at_once(lambda words: Node(demo, *words), members)
    for node in demo.nodes:
        node.serve()
    for node in demo.nodes:
        node.wait_ready()
    northland, westmark, harbour, hub, skerry = demo.nodes
    northland.run("alliance", "create", ALLIANCE)
    others = [hub, westmark, harbour, skerry]
    at_once(lambda node: node.run("alliance", "request", node.folder / "request.sw"), others)
    words = {node: northland.json("alliance", "enrol", ALLIANCE, node.folder / "request.sw")["phrase"]
             for node in others}
    for node in others:
        northland.run("carry", "out", node.organisation, node.folder / "first.sw")
        node.run("carry", "in", node.folder / "first.sw", "--phrase", words[node])
    demo.say(f'"{ALLIANCE}": five members, each a process with a folder and keys of its own.\n{MEMBERS}'
             f"Each was enrolled by a file, and by words that two people compare: {words[harbour]}.\n")


def play(demo):
    found_alliance(demo)
    northland, westmark, harbour, hub, skerry = demo.nodes
    demo.figures["members"] = len(demo.nodes)
    story.share(demo, northland, westmark, harbour)
    story.carry(demo, hub, skerry)
    story.find(demo, westmark, harbour)
    story.tell_back(demo, northland, westmark, harbour)
    story.ask(demo, northland, harbour)
    regretted = story.recall(demo, northland, westmark, harbour, hub, skerry)
    story.refuse(demo, northland, westmark, harbour, hub, skerry)
    story.prove(demo, northland, harbour, hub, regretted)


def stay_up(demo):
    addresses = "\n".join(f"  {node.organisation:<18} {node.url('/')}" for node in demo.nodes)
    program = demo.options.shieldwall
    demo.say(f"\nAll five stay up until Ctrl-C. Open (a browser asks about each node's own certificate):\n{addresses}\n"
             f"Look around with {program} search --dir {demo.nodes[2].folder}\n"
             f"               or {program} alliance list --dir {demo.nodes[0].folder}")
    signal.pause()


def options_of():
    parser = argparse.ArgumentParser(prog="./demo", usage="./demo [--once] [--json] [--logs PATH] [--keep FOLDER]")
    parser.add_argument("shieldwall", help=argparse.SUPPRESS)
    parser.add_argument("source_dir", help=argparse.SUPPRESS)
    parser.add_argument("--once", action="store_true", help="ends by itself")
    parser.add_argument("--json", action="store_true", help="the figures as one JSON object in the last line of output")
    parser.add_argument("--logs", help="your own logs, file or folder, instead of the sample")
    parser.add_argument("--keep", help="a folder that keeps the five nodes' folders")
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)  # the options alone, before a build
    options = parser.parse_args()
    if options.logs and not os.path.exists(options.logs):
        parser.error(f"--logs {options.logs}: there is no such file or folder")
    return options


def main():
    options = options_of()
    if options.check:
        return
    demo = Demo(options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        play(demo)
        if demo.options.json:
            print(json.dumps(demo.figures), flush=True)
        if not demo.options.once:
            stay_up(demo)
    except KeyboardInterrupt:
        pass
    finally:
        for node in demo.nodes:
            node.stop()
        for node in demo.nodes:
            node.wait_stopped()
        if not demo.options.keep:
            shutil.rmtree(demo.folder, ignore_errors=True)


main()
