#!/usr/bin/env python3
"""Holds the OpenAPI description of a running node to the standard, by a validator that is not ours.

usage: openapi_test.py SHIELDWALL SOURCE_DIR
The validator comes from npm by `tools/install test` (tests/openapi/package-lock.json). Broken copies of the document
must be found out, or the check proves nothing.
"""
import copy
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from running_node import RunningNode  # noqa: E402


def break_schema(document):
    del document["info"]["title"]


def break_reference(document):
    document["paths"]["/api/v1/me"]["get"]["responses"]["200"]["content"]["application/json"]["schema"] = {
        "$ref": "#/components/schemas/Nobody"}


def break_type(document):
    document["paths"]["/api/v1/me"]["get"]["parameters"] = "none"


def break_summary(document):
    del document["paths"]["/api/v1/me"]["get"]["summary"]


def break_parameter(document):
    document["paths"]["/api/v1/circles/{circle}"]["get"]["parameters"] = []


def break_example(document):
    document["paths"]["/api/v1/circles"]["post"]["requestBody"]["content"]["application/json"]["example"] = {"alias": 1}


def break_errors(document):
    del document["paths"]["/api/v1/circles"]["post"]["responses"]["401"]


BROKEN = [break_schema, break_reference, break_type, break_summary, break_parameter, break_example, break_errors]


def main():
    binary, source = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    modules = pathlib.Path(os.environ.get("SHIELDWALL_OPENAPI_CHECK", source / "build/openapi-check"))
    if not (modules / "node_modules").is_dir() or not shutil.which("node"):
        print("the validator is not installed: run `tools/install test`")
        sys.exit(1)

    def findings_of(document, folder):
        path = folder / "openapi.json"
        path.write_text(json.dumps(document))
        result = subprocess.run(["node", str(source / "tests/openapi/validate.mjs"), str(modules), str(path)],
                                capture_output=True, text=True, timeout=120)
        if result.returncode not in (0, 4):
            sys.exit(f"the validator itself failed:\n{result.stderr}")
        return result.returncode, result.stdout

    with tempfile.TemporaryDirectory() as name, RunningNode(binary) as node:
        folder = pathlib.Path(name)
        status, headers, body = node.get("/openapi.json")
        assert status == 200, status
        assert headers["Content-Type"].startswith("application/openapi+json"), headers["Content-Type"]
        document = json.loads(body)
        failed = []
        code, text = findings_of(document, folder)
        print(text.strip())
        if code != 0:
            failed.append("the node's own description has findings")
        for damage in BROKEN:
            broken = copy.deepcopy(document)
            damage(broken)
            if findings_of(broken, folder)[0] == 0:
                failed.append(f"{damage.__name__} was not noticed")
    print("\n".join(failed))
    sys.exit(1 if failed else 0)


main()
