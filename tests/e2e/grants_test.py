#!/usr/bin/env python3
"""What a circle lets an account read is the same by every door of the node: TAXII, /api/v1 and the command line.

usage: grants_test.py SHIELDWALL SOURCE_DIR
"""
import base64
import json
import os
import ssl
import sys
import urllib.error
import urllib.request

from commands import Shieldwall, free_port

PASSWORD = "one two three four"
CASES = [(None, 1), ("--read", 1), ("--write", 0)]  # the grant, and how many objects it lets an account see


def main():
    shieldwall = Shieldwall(sys.argv[1])
    port = free_port()
    node = shieldwall.node(port=port)
    os.environ["TEST_PASSWORD"] = PASSWORD

    def run(*words):
        return shieldwall.expect(" ".join(map(str, words[:2])), 0, [*words, "--dir", node])

    run("member", "add", "Harbour Energy", "--hosted")
    run("circle", "add", "Energy sector", "--alias", "energy", "--root", "default", "--member", "Harbour Energy")
    for number, (grant, _) in enumerate(CASES):
        name = f"user{number}"
        run("user", "add", name, "--organisation", "Harbour Energy", "--role", "reader", "--role", "publisher",
            "--password-env", "TEST_PASSWORD")
        if grant:
            run("circle", "grant", "energy", name, grant)
    path = shieldwall.folder / "one.json"
    path.write_text(json.dumps({"type": "malware", "spec_version": "2.1", "name": "m", "is_family": False,
                                "id": "malware--00000000-0000-4000-8000-000000000001",
                                "created": "2020-01-01T00:00:00.000Z", "modified": "2020-01-01T00:00:00.000Z"}))
    run("import", path, "--circle", "energy")
    context = ssl.create_default_context(cafile=str(node / "tls/ca.pem"))

    def get(name, target, accept):
        """The objects of an answer, none where it is refused."""
        token = base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(f"https://127.0.0.1:{port}{target}",
                                         headers={"Authorization": f"Basic {token}", "Accept": accept})
        try:
            with urllib.request.urlopen(request, context=context, timeout=60) as answer:
                return json.load(answer).get("objects", [])
        except urllib.error.HTTPError as error:
            assert error.code in (403, 404), error
            return []

    with shieldwall.serving(node):
        for number, (grant, seen) in enumerate(CASES):
            name = f"user{number}"
            found = {"TAXII": len(get(name, "/default/collections/energy/objects/", "application/taxii+json;version=2.1")),
                     "API": len(get(name, "/api/v1/objects", "application/json")),
                     "search": len(json.loads(run("search", "--json", "--as", name).stdout)["objects"])}
            shieldwall.check(set(found.values()) == {seen}, f"with {grant or 'no grant'}: {found}, not {seen}")
    return shieldwall.end("grants by every door")


sys.exit(main())
