#!/usr/bin/env python3
"""Holds the vectors in samples/formats/ to a second implementation (forms.py, standard library alone).

usage: formats_test.py SOURCE_FOLDER | formats_test.py SOURCE_FOLDER --self-test
"""
import json
import os
import sys

sys.dont_write_bytecode = True  # the source folder stays as it is
import forms  # noqa: E402


def load(source, name):
    with open(os.path.join(source, "samples", "formats", name), encoding="utf-8") as file:
        return json.load(file)


def same(what, found, expected):
    if found != expected:
        raise AssertionError(f"{what}:\n  here   {found.hex() if isinstance(found, bytes) else found}"
                             f"\n  vector {expected.hex() if isinstance(expected, bytes) else expected}")


def check_labels(source):
    vectors = load(source, "label-vectors.json")["accepted"]
    for vector in vectors:
        same(vector["name"], forms.label(vector["label"]), bytes.fromhex(vector["hex"]))
    return len(vectors)


def check_rosters(source):
    vectors = load(source, "roster-vectors.json")["vectors"]
    for i, vector in enumerate(vectors):
        data = forms.roster(vector["roster"])
        same(f"roster {i}", data, bytes.fromhex(vector["hex"]))
        same(f"roster {i}, digest", forms.roster_digest(data), bytes.fromhex(vector["digest"]))
        for member in vector["roster"]["members"]:
            for key in member["keys"]:
                same(f"roster {i}, key", forms.key_id(key["algorithm"], bytes.fromhex(key["key"])),
                     bytes.fromhex(key["key_id"]))
    return len(vectors)


def check_statements(source):
    vectors = load(source, "statement-vectors.json")["vectors"]
    for i, vector in enumerate(vectors):
        data = forms.statement(vector["statement"])
        same(f"statement {i}", data, bytes.fromhex(vector["hex"]))
        digest = forms.sha256(b"\0", data)
        same(f"statement {i}, digest", digest, bytes.fromhex(vector["digest"]))
        signed = vector["signed"]
        beside = [bytes.fromhex(b) for b in signed["beside"]]
        root = forms.batch_root(digest, signed["position"], beside)
        same(f"statement {i}, root", root, bytes.fromhex(signed["root"]))
        same(f"statement {i}, signed text", b"shieldwall/batch/v1" + root, bytes.fromhex(signed["signed_text"]))
        same(f"statement {i}, signed",
             forms.signed(data, signed["position"], beside, bytes.fromhex(signed["signature"])),
             bytes.fromhex(signed["hex"]))
    return len(vectors)


def check_trees(source):
    vectors = load(source, "field-tree-vectors.json")["vectors"]
    for i, vector in enumerate(vectors):
        secret = bytes.fromhex(vector["secret"])
        tree = forms.Tree(vector["object"], secret, vector["shown"])
        salt = forms.drawn(secret, 2, "")
        same(f"tree {i}, commitment salt", salt, bytes.fromhex(vector["commitment_salt"]))
        same(f"tree {i}, commitment", forms.sha256(salt, vector["object"].encode()),
             bytes.fromhex(vector["commitment"]))
        same(f"tree {i}, fields", [(p, s.hex(), t, forms.leaf(s, p, t).hex()) for p, s, t in tree.fields],
             [(f["path"], f["salt"], f["text"], f["leaf"]) for f in vector["fields"]])
        same(f"tree {i}, root", tree.root, bytes.fromhex(vector["root"]))
        opening = bytes.fromhex(vector["opening"])
        same(f"tree {i}, opening", tree.opening_bytes(), opening)
        root, fields = forms.opened_root(opening)
        same(f"tree {i}, opened root", root, tree.root)
        same(f"tree {i}, opened fields", sorted(p for p, _ in fields), sorted(vector["shown"]))
    return len(vectors)


CHECKS = (check_labels, check_rosters, check_statements, check_trees)


def self_test(source):
    """A defect in each of the forms must be noticed."""
    for check, name in zip(CHECKS, ("label", "roster", "statement", "leaf")):
        right = getattr(forms, name)
        setattr(forms, name, lambda *given: right(*given)[:-1] + bytes([right(*given)[-1] ^ 1]))
        try:
            check(source)
        except AssertionError:
            continue
        finally:
            setattr(forms, name, right)
        sys.exit(f"{check.__name__} does not notice a wrong {name}")


def main():
    source = sys.argv[1]
    if "--self-test" in sys.argv:
        self_test(source)
        return
    for check in CHECKS:
        print(f"{check.__name__}: {check(source)} vectors agree")


if __name__ == "__main__":
    main()
