#!/usr/bin/env python3
"""Runs the example of every command's help, in the order of the table, each in its own copy of a small world.

usage: examples_test.py SHIELDWALL SOURCE_DIR
An example may expect status 0 or 1 (found something). The words `node` in an example name a folder that `shieldwall
init`'s own example made. The node serves while the examples of `taxii` run, which ask it as a foreign server: at a free
port in the place of theirs, as the account that the examples before made.
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

WORLD_SECONDS = 60
ADDRESS = "127.0.0.1:8443"
INVITATION = "sw1:127.0.0.1:9444/EXAMPLE"


def run(command, folder, binary):
    environment = dict(os.environ, PATH=f"{binary.parent}:{os.environ['PATH']}")
    return subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True,
                          timeout=WORLD_SECONDS, stdin=subprocess.DEVNULL)


def examples(binary):
    listing = subprocess.run([str(binary), "--examples"], capture_output=True, text=True, check=True).stdout
    return [line.split("\t", 1) for line in listing.splitlines()]


class Serving:
    """The node of the examples, at a port of its own."""

    def __init__(self, world, binary):
        (world / "alice.txt").write_text("correct horse battery\n")
        self.process = subprocess.Popen([str(binary), "serve", "--dir", "node", "--json"], cwd=world, text=True,
                                        stdout=subprocess.PIPE, env=dict(os.environ, SHIELDWALL_TOOLS_PORT="0"))
        self.address = json.loads(self.process.stdout.readline())["tools"].split("://")[1]

    def stop(self):
        self.process.terminate()
        self.process.wait(WORLD_SECONDS)


class Partner:
    """Another organisation's node, which invites the node of the examples into its alliance."""

    def __init__(self, world, binary):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        run(f"shieldwall init --dir partner --organisation 'Partner CERT' --port 0 --members-port {port}", world, binary)
        made = run("shieldwall alliance invite 'Baltic Watch' --dir partner --json", world, binary)
        self.invitation = json.loads(made.stdout)["invitation"]
        self.process = subprocess.Popen([str(binary), "serve", "--dir", "partner", "--json"], cwd=world, text=True,
                                        stdout=subprocess.PIPE)
        assert self.process.stdout.readline()

    def stop(self):
        self.process.terminate()
        self.process.wait(WORLD_SECONDS)


def main():
    binary, source = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    rows = examples(binary)
    assert rows, "there are no commands"
    failed = []
    serving = partner = None
    with tempfile.TemporaryDirectory() as name:
        world = pathlib.Path(name)
        shutil.copytree(source / "samples", world / "samples", ignore=shutil.ignore_patterns("fuzz"))
        for words, example in rows:
            help_text = run(f"shieldwall {words} --help", world, binary)
            if help_text.returncode != 0 or example not in help_text.stdout:
                failed.append(f"{words}: --help does not show its example")
            if words == "serve":
                continue  # runs until it is stopped; server_test starts it
            if words.startswith("taxii ") and serving is None:
                serving = Serving(world, binary)
            if words == "value correct":
                run("shieldwall sighting stop --off --dir node", world, binary)  # what an example before stopped
            if words == "alliance join":
                partner = Partner(world, binary)
            command = example.replace(ADDRESS, serving.address) if serving else example
            if partner:
                command = command.replace(INVITATION, partner.invitation)
            result = run(command, world, binary)
            expected = (3,) if words == "object vouch" else (0, 1)  # nobody asked this organisation; roster_test asks
            if result.returncode not in expected:
                failed.append(f"{words}: `{example}` ended with {result.returncode}: {result.stderr.strip()[-500:]}")
        for one in filter(None, (serving, partner)):
            one.stop()
    print("\n".join(failed))
    print(f"{len(rows)} examples, {len(failed)} failed")
    sys.exit(1 if failed else 0)


main()
