#!/usr/bin/env python3
"""One node asks another whether it holds a value, over HTTPS, without telling it the value.

usage: ask_test.py SHIELDWALL SOURCE_DIR
"""
import json
import os
import pathlib
import sys

from commands import Shieldwall, free_port

PASSWORD = "one two three four"


def indicator(number, domain):
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--00000000-0000-4000-8000-{number:012}",
            "created": "2024-01-01T00:00:00.000Z", "modified": "2024-01-01T00:00:00.000Z", "name": domain,
            "indicator_types": ["unknown"], "pattern": f"[domain-name:value = '{domain}']", "pattern_type": "stix",
            "valid_from": "2024-01-01T00:00:00Z"}


def main():
    shieldwall = Shieldwall(sys.argv[1])
    port = free_port()
    cert = shieldwall.node("cert", port=port)
    harbour = shieldwall.node("harbour", organisation="Harbour Energy")
    os.environ["TEST_PASSWORD"] = PASSWORD
    (shieldwall.folder / "password").write_text(PASSWORD + "\n")

    def run(*words):
        return shieldwall.expect(" ".join(map(str, words[:2])), 0, [*words, "--dir", cert])

    run("member", "add", "Harbour Energy", "--hosted")
    for alias, more in (("energy", ["--member", "Harbour Energy"]), ("others", [])):
        run("circle", "add", alias, "--alias", alias, "--unmarked-tlp", "amber", *more)
    run("user", "add", "harbour", "--organisation", "Harbour Energy", "--role", "reader", "--password-env",
        "TEST_PASSWORD")
    for number, (alias, domain) in enumerate([("energy", "shared.example"), ("others", "hidden.example")]):
        path = shieldwall.folder / f"{alias}.json"
        path.write_text(json.dumps(indicator(number, domain)))
        run("import", path, "--circle", alias)

    def ask(*words, status, said=None, stdin=None):
        return shieldwall.expect(
            " ".join(map(str, ("ask", *words))), status,
            ["ask", "--peer", f"https://127.0.0.1:{port}", "--user", "harbour", "--password-file", "password", "--ca",
             cert / "tls/ca.pem", "--dir", harbour, *words], said, stdin=stdin)

    with shieldwall.serving(cert) as process:
        ask("SHARED[.]example", status=1, said="held     SHARED[.]example; can be asked for")
        ask("hidden.example", status=0, said="not held")
        ask("absent.example", "sha256:nothing", status=4, said="nothing")
        many = "\n".join([f"d{number}.example" for number in range(1500)] + ["shared.example"])
        answer = json.loads(ask("--json", status=1, stdin=many.encode()).stdout)
        held = [one["value"] for one in answer["answers"] if one["held"]]
        shieldwall.check(held == ["domain:shared.example"], f"of 1,501 values these are held: {held}")
        shieldwall.check(answer["values_at_most"] == 1024, "the size class is not the smallest")
        ask("--request", "shared.example", status=1, said="passed to Test CERT")
        requests = run("request", "list")
        shieldwall.check(b"domain:shared.example" in requests.stdout, f"the owner was not told: {requests.stdout}")
        keys = ask("--keys", status=0).stdout.decode().split()
        shieldwall.check(answer["key"] in keys, "the key that answered is not among those told")
        ask("--key", "00" * 32, "shared.example", status=3, said="not the one given")

        # A node that shows an asker another key than before is found out.
        pins = next(pathlib.Path(harbour / "ask").glob("*.keys"))
        true = pins.read_text()
        pins.write_text(f"{keys[-2]} e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76\n")
        ask("--fresh", "shared.example", status=3, said="another key for epoch")
        pins.write_text(true)

        # Ten thousand questions a day, and no more.
        rest = "\n".join(f"r{number}.example" for number in range(9000))
        ask("--list", "-", status=5, said="questions asked", stdin=rest.encode())
        shieldwall.check(process.poll() is None, "the node ended")
    return shieldwall.end("asking without telling")


sys.exit(main())
