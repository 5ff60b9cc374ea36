#!/usr/bin/env python3
"""Every command of docs/guide.md does what the page says, in its order, on a node that serves from section 1 on.

usage: guide_test.py SHIELDWALL SOURCE_DIR
"""
import contextlib
import os
import pathlib
import re
import shutil
import sys

from commands import Shieldwall, free_port

PASSWORD = "a password for the guide's test"


def commands_of(page):
    """The lines of its blocks, in their order."""
    for block in re.findall(r"^```\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        yield from block.splitlines()


def main():
    source = pathlib.Path(sys.argv[2]).resolve()
    shieldwall = Shieldwall(sys.argv[1])
    shutil.copytree(source / "samples/demo", shieldwall.folder / "samples/demo")
    (shieldwall.folder / "password").write_text(PASSWORD + "\n")
    os.environ["HARBOUR_PASSWORD"] = PASSWORD
    os.environ["PATH"] = f"{pathlib.Path(shieldwall.binary).parent}:{os.environ['PATH']}"
    page = (source / "docs/guide.md").read_text()
    for port in ("8443", "9443"):
        page = page.replace(port, str(free_port()))
    ran = 0
    with contextlib.ExitStack() as running:
        for line in commands_of(page):
            ran += 1
            if line.startswith("shieldwall serve"):
                running.enter_context(shieldwall.serving(shieldwall.folder / line.split()[-1]))
                continue
            found = line.startswith(("shieldwall scan", "shieldwall hunt"))
            result = shieldwall.shell(line)
            shieldwall.check(result.returncode == (1 if found else 0),
                             f"`{line}` ended with {result.returncode}: {result.stderr.decode()[-600:]}")
            if line == "shieldwall sighting list --dir cert":
                shieldwall.check(b"9 indicators" in result.stdout, f"what returned: {result.stdout.decode()}")
    shieldwall.check(ran > 30, f"only {ran} commands were found in the guide")
    # The copy is a node: it opens, and holds what the node held.
    held = shieldwall.shell("shieldwall search --dir cert-copy --limit 1000 --json")
    shieldwall.check(held.stdout.count(b'"label"') >= 43, f"the backup holds too little: {held.stderr.decode()}")
    restores(shieldwall)
    return shieldwall.end(f"{ran} commands of the guide")


def restores(shieldwall):
    """Section 7 in its own words: the node's folder is away, the copy in its place; then the folder was damaged."""
    def held():
        return sorted(re.findall(rb'"id":"[a-z-]+--[^"]+"', shieldwall.run(
            "search", "--dir", "cert", "--limit", "1000", "--json").stdout))
    copied = shieldwall.folder / "cert-copy"
    before = held()
    shieldwall.check(len(before) >= 43, f"the node holds {len(before)} objects")
    (shieldwall.folder / "late.txt").write_text("late.example\n")
    shieldwall.expect("an import after the backup", 0, ["import", "--dir", "cert", "late.txt"])
    shieldwall.check(len(held()) > len(before), "what came after the backup is not there")
    (shieldwall.folder / "cert/store/node.db").write_bytes(b"")
    shieldwall.expect("a store that lost its bytes", (4, 5), ["search", "--dir", "cert"], "put a backup in place")
    (shieldwall.folder / "cert").rename(shieldwall.folder / "cert-away")
    shutil.copytree(copied, shieldwall.folder / "cert", ignore=shutil.ignore_patterns("*.sock"))
    shieldwall.expect("the check of what was restored", 0, ["node", "check", "--dir", "cert"])
    with shieldwall.serving(shieldwall.folder / "cert"):
        restored = held()
        shieldwall.check(43 <= len(restored) <= len(before), f"the restored node holds {len(restored)} objects")
    shieldwall.expect("what was lost is taken in again", 0, ["import", "--dir", "cert", "late.txt"])
    shieldwall.check(len(held()) > len(restored), "what was lost did not come again")


sys.exit(main())
