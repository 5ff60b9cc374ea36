#!/usr/bin/env python3
"""Runs the example of every command's help, in the order of the table, each in its own copy of a small world.

usage: examples_test.py SHIELDWALL SOURCE_DIR
An example may expect status 0 or 1 (found something). The words `node` in an example name a folder that `shieldwall
init`'s own example made.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

WORLD_SECONDS = 60


def run(command, folder, binary):
    environment = dict(os.environ, PATH=f"{binary.parent}:{os.environ['PATH']}")
    return subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True,
                          timeout=WORLD_SECONDS, stdin=subprocess.DEVNULL)


def examples(binary):
    listing = subprocess.run([str(binary), "--examples"], capture_output=True, text=True, check=True).stdout
    return [line.split("\t", 1) for line in listing.splitlines()]


def main():
    binary, source = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    rows = examples(binary)
    assert rows, "there are no commands"
    failed = []
    with tempfile.TemporaryDirectory() as name:
        world = pathlib.Path(name)
        shutil.copytree(source / "samples", world / "samples", ignore=shutil.ignore_patterns("fuzz"))
        for words, example in rows:
            help_text = run(f"shieldwall {words} --help", world, binary)
            if help_text.returncode != 0 or example not in help_text.stdout:
                failed.append(f"{words}: --help does not show its example")
            if words == "serve":
                continue  # runs until it is stopped; server_test starts it
            result = run(example, world, binary)
            if result.returncode not in (0, 1):
                failed.append(f"{words}: `{example}` ended with {result.returncode}: {result.stderr.strip()[-500:]}")
    print("\n".join(failed))
    print(f"{len(rows)} examples, {len(failed)} failed")
    sys.exit(1 if failed else 0)


main()
