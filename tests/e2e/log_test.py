#!/usr/bin/env python3
"""A node's log, verified by a program that is not ours: Go's sumdb/note and sumdb/tlog (Debian's
golang-golang-x-mod-dev), over what the real binary wrote. usage: log_test.py SHIELDWALL SOURCE_DIR"""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys

from running_node import RunningNode

OBJECTS = 300  # more than a tile of entries


def indicator(number):
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--00000000-0000-4000-8000-{number:012}",
            "created": "2020-01-01T00:00:00.000Z", "modified": "2020-01-01T00:00:00.000Z",
            "pattern": f"[domain-name:value = 'h{number}.example']", "pattern_type": "stix",
            "valid_from": "2020-01-01T00:00:00Z"}


class Verifier:
    """tests/log/verify.go, built offline against Debian's packages."""

    def __init__(self, source, folder):
        self.binary = folder / "verify"
        environment = dict(os.environ, GO111MODULE="off", GOPATH="/usr/share/gocode", GOFLAGS="", GOPROXY="off",
                           GOCACHE=str(folder / "go-cache"), HOME=str(folder))
        built = subprocess.run(["go", "build", "-o", str(self.binary), str(source / "tests/log/verify.go")],
                               env=environment, capture_output=True, text=True)
        assert built.returncode == 0, built.stderr

    def run(self, *words):
        return subprocess.run([str(self.binary), *map(str, words)], capture_output=True, text=True)


def flipped(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(bytes(content))


def main():
    binary, source = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    if shutil.which("go") is None:
        print("SKIPPED: there is no go here; tools/install test brings it")
        return
    with RunningNode(binary) as node:
        directory, there = node.folder / "node", node.folder

        def run(*words):
            return node.run(*words, "--dir", directory)

        bundle = {"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000000",
                  "objects": [indicator(number) for number in range(OBJECTS)]}
        (there / "bundle.json").write_text(json.dumps(bundle))
        imported = run("import", there / "bundle.json")
        assert imported.returncode == 0, imported.stderr

        def read(number):
            answer = run("search", "--id", f"indicator--00000000-0000-4000-8000-{number:012}")
            assert answer.returncode == 0, answer.stderr

        key = run("log", "key").stdout.strip()
        for number in range(3):
            read(number)
        assert run("log", "export", there / "older").returncode == 0
        for number in range(3, 8):
            read(number)
        exported = run("log", "export", there / "tiles")
        assert exported.returncode == 0, exported.stderr
        size = int((there / "tiles/checkpoint").read_text().split("\n")[1])
        assert size >= 8, size
        proved = run("log", "prove", "5", "--out", there / "proof")
        assert proved.returncode == 0, proved.stderr

        verifier = Verifier(source, there)
        told = verifier.run(key, there / "tiles", 5, there / "proof", there / "older/checkpoint")
        assert told.returncode == 0 and told.stdout.startswith("OK"), told.stdout + told.stderr

        # Our own verifier, of the node, the folder and the proof; and who got the object.
        for words in (["--dir", directory], [there / "tiles", "--key", key], [there / "proof", "--key", key]):
            checked = node.run("log", "verify", *words, "--json")
            assert checked.returncode == 0 and json.loads(checked.stdout)["consistent"], checked.stdout
        delivered = run("delivered", indicator(4)["id"], "--json")
        assert delivered.returncode == 0, delivered.stderr
        answer = json.loads(delivered.stdout)
        assert [entry["door"] for entry in answer["deliveries"]] == ["command line"], answer
        assert "What cannot be known" in answer["signed"]
        assert run("log", "prove", indicator(4)["id"], "--out", there / "receipt").returncode == 0
        receipt = json.loads(node.run("log", "verify", there / "receipt", "--key", key, "--json").stdout)
        assert receipt["objects"] == [indicator(4)["id"]], receipt
        assert receipt["name"] == answer["deliveries"][0]["name"], receipt

        # What is changed anywhere is noticed by both.
        other = base64.b64encode(b"\1" + bytes(32)).decode()
        name = key.split("+")[0]
        for damage, place in ((lambda: flipped(there / "tiles/tile/entries/000.p" / str(size), 10), "tile/"),
                              (lambda: flipped(there / "tiles/checkpoint", -20), "checkpoint")):
            saved = there / "saved"
            shutil.copytree(there / "tiles", saved)
            damage()
            checked = node.run("log", "verify", there / "tiles", "--key", key)
            assert checked.returncode == 1 and place in checked.stdout, checked.stdout
            shutil.rmtree(there / "tiles")
            saved.rename(there / "tiles")
        flipped(there / "receipt", 60)
        assert node.run("log", "verify", there / "receipt", "--key", key).returncode in (1, 4)
        flipped(there / "tiles/tile/0/000.p" / str(size), 5 * 32 + 1)
        assert node.run("log", "verify", there / "tiles", "--key", key).returncode == 1
        assert verifier.run(key, there / "tiles", 5, there / "proof").returncode != 0
        assert node.run("log", "verify", there / "older", "--key", f"{name}+00000000+{other}").returncode == 4

        # Killed and started again, it goes on from where it was.
        node.process.kill()
        node.process.wait()
        node.start()
        assert run("log", "verify").returncode == 0
        assert run("log", "export", there / "after").returncode == 0
        told = verifier.run(key, there / "after", 5, there / "proof", there / "older/checkpoint")
        assert told.returncode == 0, told.stdout
    print("ok")


main()
