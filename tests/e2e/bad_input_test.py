#!/usr/bin/env python3
"""Whatever stands in a file, each command that reads one ends as the table of exit codes in docs/guide.md says, and says why.

usage: bad_input_test.py SHIELDWALL SOURCE_DIR
One table of files, one of commands; then what is no file at all, output that cannot be written, and one bad object among
a thousand, by every way in.
"""
import contextlib
import gzip
import json
import os
import sys

from commands import Shieldwall, test_size


def indicator(number, **more):
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--00000000-0000-4000-8000-{number:012}",
            "created": "2020-01-01T00:00:00.000Z", "modified": "2020-01-01T00:00:00.000Z",
            "pattern": f"[domain-name:value = 'h{number}.example']", "pattern_type": "stix",
            "valid_from": "2020-01-01T00:00:00Z", "indicator_types": ["unknown"], "name": f"h{number}", **more}


def bundle(*texts):
    return ('{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[' + ",".join(texts)
            + "]}").encode()


def text(number, **more):
    return json.dumps(indicator(number, **more))


def with_member(member):
    """An indicator with one more member, as written."""
    return (text(1)[:-1] + "," + member + "}")


def bomb(size):
    """A bundle with a string of that many bytes, in a thousandth of them."""
    return gzip.compress(bundle(text(1), with_member('"description":"' + "A" * size + '"')), 9)


KEYS = test_size("bad_file_keys")
BOMB = test_size("bad_file_bomb_mib")

# file, its bytes, and how each command ends: (status, what it says)
GOOD, BAD, UNREAD = 0, 4, 5
FILES = [
    #                                                         object check         import              scan --intel
    ("empty", b"",                                            (BAD, ""),           (BAD, "nothing"),   ((0, 4), "")),
    ("blank", b" \n" * 100_000,                               (BAD, ""),           (BAD, "nothing"),   ((0, 4), "")),
    ("cut in an object", bundle(text(1), text(2))[:-90],      (BAD, "ends early"), (BAD, "1 stored"),  (BAD, "")),
    ("cut behind an object", bundle(text(1))[:-2],            (BAD, "ends early"), (BAD, "1 stored"),  (BAD, "")),
    ("UTF-16", bundle(text(1)).decode().encode("utf-16"),     (BAD, "UTF-16"),     (BAD, "UTF-16"),    ((0, 4), "")),
    ("Latin-1", bundle(text(1), with_member('"description":"caf\xe9"')).decode().encode("latin-1"),
                                                              (BAD, "UTF-8"),      (BAD, "UTF-8"),     ((0, 4), "UTF-8")),
    ("UTF-8 with a mark", b"\xef\xbb\xbf" + bundle(text(1)),  (BAD, "mark"),       (GOOD, "1 stored"), (GOOD, "")),
    ("very many keys", bundle(with_member('"x_many":{' + ",".join(f'"k{i:x}":{i}' for i in range(KEYS)) + "}")),
                                                              ((0, 4), ""),        ((0, 4), ""),       ((0, 4), "")),
    ("deep", bundle(text(2), with_member('"x_deep":' + "[" * 100_000 + "]" * 100_000)),
                                                              (BAD, "deep"),       (BAD, "1 stored"),  ((0, 4), "deep")),
    ("deep alone", b"[" * 1_000_000,                          (BAD, ""),           (BAD, ""),          (BAD, "")),
    ("huge numbers", bundle(with_member('"confidence":1e999999'), with_member('"x_n":' + "9" * 100_000), text(3)),
                                                              (BAD, "confidence"), (BAD, "refused"),   ((0, 4), "")),
    ("a key twice", bundle(with_member('"name":"again"')),    (BAD, "twice"),      (BAD, "twice"),     ((0, 4), "twice")),
    ("a string too long", bundle(text(1), with_member('"description":"' + "A" * (2 << 20) + '"')),
                                                              (BAD, ""),           (BAD, "1 stored"),  ((0, 4), "")),
    ("a bomb", bomb(BOMB << 20),                              (BAD, ""),           (BAD, ""),          (BAD, "")),
    ("cut gzip", gzip.compress(bundle(*map(text, range(2000))))[:-2000],
                                                              (BAD, "cut short"),  (BAD, "cut short"), (BAD, "cut short")),
    ("no gzip", b"\x1f\x8b\x08\x00" + b"nothing of it" * 9,   (BAD, "gzip"),       (BAD, "gzip"),      (BAD, "gzip")),
    ("noise", bytes(range(256)) * 40,                         (BAD, ""),           (BAD, ""),          ((0, 4), "")),
]

# what is given for a file, prepared in the folder, and why no command can read it
NO_FILES = [("missing", "No such file"), ("folder", "directory"), ("forbidden", "ermission denied")]


class BadInput:
    def __init__(self, shieldwall):
        self.shieldwall = shieldwall
        self.log = shieldwall.folder / "log.txt"
        self.log.write_text("nothing of interest\n")
        self.nodes = 0

    def fresh_node(self):
        self.nodes += 1
        return self.shieldwall.node(f"node{self.nodes}")

    def commands(self, node, path):
        return (("object check", ["object", "check", path]),
                ("import", ["import", "--dir", node, path]),
                ("scan --intel", ["scan", "--intel", path, self.log]))

    def files(self):
        for name, content, *expected in FILES:
            node = self.fresh_node()
            path = self.shieldwall.folder / "input.json"
            path.write_bytes(content)
            for (what, words), (statuses, said) in zip(self.commands(node, path), expected):
                result = self.shieldwall.expect(f"{what} of {name}", statuses, words, said)
                self.shieldwall.check(len(result.stderr) < 100_000, f"{what} of {name} says too much")
            # The file as telemetry: nothing to find, and nothing that stops it but damage.
            self.shieldwall.expect(f"scan of {name}", (0, 1, 4), ["scan", "--intel", self.intel(), path])
            path.unlink()

    def intel(self):
        path = self.shieldwall.folder / "intel.txt"
        path.write_text("never.example\n")
        return path

    def no_files(self):
        node = self.fresh_node()
        (self.shieldwall.folder / "folder").mkdir()
        forbidden = self.shieldwall.folder / "forbidden"
        forbidden.write_bytes(bundle(text(1)))
        forbidden.chmod(0)
        for name, said in NO_FILES:
            if name == "forbidden" and os.getuid() == 0:
                continue  # nothing is forbidden to root
            path = self.shieldwall.folder / name
            for what, words in self.commands(node, path):
                result = self.shieldwall.expect(f"{what} of a {name} file", UNREAD, words, said)
                self.shieldwall.check(str(path) in result.stderr.decode(), f"{what} of a {name} file does not name it")
        for name in ("missing", "forbidden")[:1 if os.getuid() == 0 else 2]:
            self.shieldwall.expect(f"scan of a {name} log", UNREAD,
                                   ["scan", "--intel", self.intel(), self.shieldwall.folder / name])

    def a_missing_file(self):
        """Whichever command is given it: the file cannot be used, which is nothing that policy refuses."""
        node, missing = self.fresh_node(), self.shieldwall.folder / "missing"
        key = self.shieldwall.run("log", "key", "--dir", node).stdout.decode().strip()
        intel, state = self.intel(), self.shieldwall.folder / "state"
        url, member = "https://127.0.0.1:1/a/collections/b/", ["--dir", node]
        for words in (["object", "check", missing], ["object", "id", missing], ["import", *member, missing],
                      ["pattern", "match", "[file:name = 'a']", missing], ["sigma", "check", missing],
                      ["scan", "--intel", missing, self.log], ["scan", "--intel", intel, missing],
                      ["scan", "--matcher", missing, self.log], ["scan", "--sigma", missing, self.log],
                      ["scan", "--intel", intel, "--warning-list", missing, self.log],
                      ["watch", "--once", "--state", state, "--intel", missing, self.log],
                      ["watch", "--once", "--state", state, "--intel", intel, missing],
                      ["watch", "--once", "--state", state, "--matcher", missing, self.log],
                      ["watch", "--once", "--state", state, "--sigma", missing, self.log],
                      ["matcher", "build", "--intel", missing, "new"], ["matcher", "info", missing],
                      ["hunt", "--past", missing, intel], ["hunt", "results", "--past", missing],
                      ["log", "verify", missing, "--key", key], ["log", "verify", "--key", missing, *member],
                      ["log", "evidence", missing, "--key", key], ["feed", "warn", missing, *member],
                      ["log", "export", "/proc/missing", *member], ["alliance", "enrol", "x", missing, *member],
                      ["alliance", "request", missing / "request", *member], ["carry", "in", missing, *member],
                      ["alliance", "pending", "--in", missing, *member],
                      ["alliance", "pending", "--out", missing / "out", *member],
                      ["ask", "--list", missing, "--peer", url, *member], ["ask", "v.example", "--peer", url, "--ca", missing],
                      ["ask", "v.example", "--peer", url, "--token-file", missing],
                      ["taxii", "discover", url, "--ca", missing],
                      ["taxii", "discover", url, "--user", "a", "--password-file", missing],
                      ["taxii", "pull", url, "--out", "pulled", "--state", state / "pull", "--ca", missing],
                      ["taxii", "push", url, "--circle", "a", "--ca", missing, *member],
                      ["node", "check", "--dir", missing], ["serve", "--dir", missing]):
            self.shieldwall.expect(f"`{' '.join(map(str, words))}`", UNREAD, words, "missing")

    def one_among_a_thousand(self):
        good = [text(i) for i in range(1000)]
        bad = indicator(500, pattern=5)
        in_bundle = self.shieldwall.folder / "thousand.json"
        in_bundle.write_bytes(bundle(*good[:500], json.dumps(bad), *good[501:]))
        in_lines = self.shieldwall.folder / "thousand.ndjson"
        in_lines.write_text("\n".join([*good[:500], good[500][:60], *good[501:]]))
        a_list = self.shieldwall.folder / "thousand.txt"
        a_list.write_text("\n".join([*(f"h{i}.example" for i in range(500)), "not a value at all ]",
                                     *(f"h{i}.example" for i in range(501, 1000))]))
        wanted = ((in_bundle, "object 500", "/pattern"), (in_lines, "object 500", ""), (a_list, "line 501", ""))
        self.shieldwall.expect("object check of a thousand", BAD, ["object", "check", in_bundle],
                               "1000 objects, 999 valid, 1 not")
        for path, place, pointer in wanted:
            node = self.fresh_node()
            self.imported(f"import of {path.name}", node, path, place, pointer)
            node = self.fresh_node()
            with self.shieldwall.serving(node):
                self.imported(f"import of {path.name} through the node", node, path, place, pointer)

    def imported(self, what, node, path, place, pointer):
        result = self.shieldwall.expect(what, BAD, ["import", "--dir", node, path], "999 stored, 0 held already, 0 in "
                                        "conflict, 1 refused")
        told = result.stdout.decode()
        self.shieldwall.check(place in told and pointer in told, f"{what} does not say where: {told}")
        self.shieldwall.expect(what + " again", BAD, ["import", "--dir", node, path], "1 refused")

    def lists(self):
        """A list that comes again says nothing new; what would match everything is told of."""
        path = self.shieldwall.folder / "daily.txt"
        path.write_text("first.example\nsecond.example\nfirst.example\n")
        broad = self.shieldwall.folder / "broad.txt"
        broad.write_text("0.0.0.0/0\nco.uk\n*\n\"\"\ncom\ngood.example\n")
        for how in ("into the store", "through the node"):
            node = self.fresh_node()
            with self.shieldwall.serving(node) if how == "through the node" else contextlib.nullcontext():
                words = ["import", "--dir", node]
                self.shieldwall.expect(f"a list {how}", GOOD, [*words, path], "2 stored, 1 held already")
                self.shieldwall.expect(f"a list again {how}", GOOD, [*words, path], "0 stored, 3 held already")
                path.write_text(path.read_text() + "third.example\n")
                self.shieldwall.expect(f"a longer list {how}", GOOD, [*words, path], "1 stored, 3 held already")
                path.write_text("first.example\nsecond.example\nfirst.example\n")
                told = self.shieldwall.expect(f"a broad list {how}", BAD, [*words, broad], "3 stored, 0 held already, 0 in "
                                              "conflict, 3 refused").stdout.decode()
                for said in ("stored: warning: matching /pattern: '0.0.0.0/0' would match every address",
                             "'co.uk' is a public suffix", "'*' is no ", "'com' is no "):
                    self.shieldwall.check(said in told, f"a broad list {how} does not say {said}: {told}")
                first = self.shieldwall.folder / "first.json"
                first.write_bytes(bundle(text(7)))
                self.shieldwall.expect(f"an object {how}", GOOD, [*words, first], "1 stored")
                first.write_bytes(bundle(text(7, name="another")))
                self.shieldwall.expect(f"the same version otherwise {how}", BAD, [*words, first], "a later modified")

    def full_output(self):
        node = self.fresh_node()
        path = self.shieldwall.folder / "good.json"
        path.write_bytes(bundle(*map(text, range(300))))
        log = self.shieldwall.folder / "hits.txt"
        log.write_text("h1.example was here\n" * 2000)
        for words in (["object", "check", path], ["object", "check", "--json", path], ["import", "--dir", node, path],
                      ["import", "--json", "--dir", node, path], ["search", "--dir", node, "--type", "indicator"],
                      ["user", "list", "--json", "--dir", node], ["scan", "--intel", path, log],
                      ["scan", "--json", "--intel", path, log], ["--examples"], ["--help"], ["--version"]):
            with open("/dev/full", "wb") as full:
                self.shieldwall.expect(f"{words[:2]} into a full disk", UNREAD, words, stdout=full)

    def usage(self):
        for words in ([], ["no", "such"], ["object"], ["object", "check"], ["scan", "--nonsense"], ["import"],
                      ["circle", "add"]):
            self.shieldwall.expect(f"`{' '.join(words)}`", 2, words)
        for words, said in ((["circle", "frobnicate"], "no command 'circle frobnicate'; did you mean 'circle "),
                            (["nodes", "check"], "no command 'nodes'; did you mean 'node'"),
                            (["scan", "--intell", "x", "-"], "`scan` has no option '--intell'; did you mean '--intel'?"),
                            (["circle", "add", "--aliaz=x"], "did you mean '--alias'?"),
                            (["key", "revoke"], "which key?"),
                            (["object", "check", "--ignore", "region-vo", "-"], "did you mean 'region-ov'?"),
                            (["scan", "--kind", "colour", "-"], "--kind: 'colour'"),
                            (["scan", "--remember", "y", "--remember-days", "soon", "-"], "'soon' is no number"),
                            (["scan", "--sigma", "x", "--remember", "y", "-"], "--remember keeps what indicators"),
                            (["user", "add", "bob", "--role", "king"], "--role: 'king'"),
                            (["import", "--tlp", "purple", "-"], "--tlp: "),
                            (["root", "add", "r", "--max-content-length", "much"], "'much' is no number"),
                            (["init", "--dir", "new", "--organisation", "x", "--port", "http"], "--port: 'http'")):
            self.shieldwall.expect(f"`{' '.join(words)}`", 2, words, said)
        self.shieldwall.check(not (self.shieldwall.folder / "new").exists(), "init of a bad port left a folder")

    def refused(self):
        node = self.fresh_node()
        made = self.shieldwall.run("user", "add", "bob", "--role", "reader", "--password-stdin", "--dir", node,
                                   stdin=b"four words nobody guesses\n")
        self.shieldwall.check(made.returncode == 0, made.stderr.decode())
        self.shieldwall.expect("what the account has no right to", 3,
                               ["circle", "add", "Mine", "--as", "bob", "--dir", node], "operate")
        self.shieldwall.expect("a backup into a folder that cannot be made", UNREAD,
                               ["node", "backup", "/proc/copy", "--dir", node], "/proc/copy")
        self.shieldwall.expect("a finding about the whole object", BAD, ["import", "--dir", node, "-"],
                               "(the whole object)", stdin=b'{"type":"bundle","id":"bundle--00000000-0000-4000-8000-'
                               b'000000000000","objects":[{"id":"indicator--00000000-0000-4000-8000-000000000001"}]}')

    def folders(self):
        """A node's folder is its own: made where nothing else is, and for its owner alone."""
        taken = self.shieldwall.folder / "taken"
        taken.mkdir()
        (taken / "letters.txt").touch()
        self.shieldwall.expect("init into a folder of others", BAD, ["init", "--dir", taken, "--organisation", "x"],
                               "is not empty (it holds letters.txt)")
        self.shieldwall.check(os.listdir(taken) == ["letters.txt"], f"init left {os.listdir(taken)}")
        node = self.fresh_node()
        for folder, _, _ in os.walk(node):
            mode = os.stat(folder).st_mode & 0o777
            self.shieldwall.check(mode == 0o700, f"{folder} has the mode {mode:o}")

    def counts(self):
        """What a watch counted is found again by who asks without saying again what was looked for."""
        (self.shieldwall.folder / "seen.log").write_text("saw never.example\n")
        self.shieldwall.expect("counts of nothing", UNREAD, ["watch", "--counts"], "no watch has kept anything")
        self.shieldwall.check(not (self.shieldwall.folder / "watch").exists(), "asking for counts makes a folder")
        self.shieldwall.expect("a watch", 1, ["watch", "--once", "--intel", self.intel(), "seen.log"])
        self.shieldwall.expect("its counts", GOOD, ["watch", "--counts"], "1 ")
        self.shieldwall.expect("counts of a folder that is not there", UNREAD, ["watch", "--counts", "--state", "missing"])

    def first_lines(self):
        """A first line that may be a header is looked through too."""
        log = self.shieldwall.folder / "table.csv"
        log.write_text("www.never.example,allow\nx.example,deny\n")
        for words in (["scan"], ["watch", "--once", "--state", self.shieldwall.folder / "table-state"]):
            self.shieldwall.expect(f"{words[0]} of a table without a header", 1, [*words, "--intel", self.intel(), log],
                                   "table.csv:1")
        table = self.shieldwall.folder / "values.csv"
        table.write_text("phishing,never.example\nvalue,never.example\n")
        self.shieldwall.expect("a list whose first line is no header", BAD, ["import", "--dir", self.fresh_node(), table],
                               "line 1: 'phishing' is no")

    def aliases(self):
        node = self.fresh_node()
        add = ["circle", "add", "--dir", node, "--alias", "energy"]
        self.shieldwall.expect("a circle", GOOD, [*add, "One"])
        self.shieldwall.expect("the alias again", BAD, [*add, "Two"], "the alias 'energy'")
        self.shieldwall.expect("the alias in a root", GOOD, [*add, "Three", "--root", "default"], "name both by their ids")

    def nowhere(self):
        self.shieldwall.expect("a node where there is none", UNREAD, ["user", "list", "--dir", "nowhere"], "nowhere")


def main():
    tests = BadInput(Shieldwall(sys.argv[1]))
    tests.usage()
    tests.refused()
    tests.nowhere()
    tests.no_files()
    tests.a_missing_file()
    tests.lists()
    tests.folders()
    tests.counts()
    tests.first_lines()
    tests.aliases()
    tests.full_output()
    tests.one_among_a_thousand()
    tests.files()
    return tests.shieldwall.end("bad inputs")


sys.exit(main())
