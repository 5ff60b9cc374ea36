#!/usr/bin/env python3
"""Builds a TAXII 2.1 server from nothing with the command line alone, and asks it everything a client can ask.

usage: taxii_server_test.py SHIELDWALL SOURCE_DIR
Each check is a sentence; those that do not hold are printed, and the status is 1.
"""
import base64
import gzip
import http.client
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import threading

TAXII = "application/taxii+json;version=2.1"
STIX = ["application/stix+json;version=2.1", "application/stix+json;version=2.0"]
HIGH = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
LOW = "52892447-4d7e-4f70-b94d-d7f22742ff63"
EVERYTHING = "472c94ae-3113-4e3e-a4dd-a9f4ac7471d4"
PASSWORD = "correct horse battery {}"
FOREIGN_STATUS = "00000000-0000-4000-8000-000000000000"
failed = []


def check(holds, sentence):
    if not holds:
        failed.append(sentence)
        print(f"FAILED: {sentence}", file=sys.stderr)


def same(got, wanted, sentence):
    check(got == wanted, f"{sentence}: {got!r} is not {wanted!r}")


def indicator(number, minute=0, **more):
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--00000000-0000-4000-8000-{number:012}",
            "created": "2020-01-01T00:00:00.000Z", "modified": f"2020-01-01T00:{minute:02}:00.000Z", "name": f"n{number}",
            "pattern": f"[domain-name:value = 'h{number}.example']", "pattern_type": "stix",
            "valid_from": "2020-01-01T00:00:00Z", **more}


ADDRESS = {"type": "ipv4-addr", "spec_version": "2.1", "id": "ipv4-addr--28bb3599-77cd-5a82-a950-b5bf39c3a1a7",
           "value": "192.0.2.1"}
MALWARE = {"type": "malware", "spec_version": "2.1", "id": "malware--00000000-0000-4000-8000-000000000001",
           "created": "2021-05-05T00:00:00.000Z", "modified": "2021-05-05T00:00:00.000Z", "name": "m", "is_family": False}
LOADED = [indicator(1, 1), MALWARE, indicator(2), indicator(1, 2), ADDRESS, indicator(3), indicator(1, 3)]
LAST = [MALWARE["id"], indicator(2)["id"], ADDRESS["id"], indicator(3)["id"], indicator(1)["id"]]


class Node:
    """One node in a folder, as an operator makes it."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, pathlib.Path(folder)
        self.process = None

    def run(self, *words, given=""):
        ran = subprocess.run([self.binary, *words, "--dir", "node"], cwd=self.folder, input=given, text=True,
                             capture_output=True, timeout=120)
        assert ran.returncode == 0, f"{' '.join(words)} ended with {ran.returncode}: {ran.stderr}"
        return ran.stdout

    def user(self, name, *words):
        self.run("user", "add", name, "--password-stdin", *words, given=PASSWORD.format(name) + "\n")

    def build(self):
        self.run("init", "--organisation", "CERT Example", "--no-api-root", "--port", "0")
        self.run("root", "add", "trustgroup1", "--title", "Trust group 1", "--description", "A trust group",
                 "--max-content-length", "200000", "--default", "--everything-id", EVERYTHING)
        self.run("root", "add", "api2", "--title", "Second")
        self.run("member", "add", "Grid Ltd", "--hosted")
        self.run("member", "add", "Stranger Ltd", "--hosted")
        for name in ("ann", "mute"):
            self.user(name, "--role", "publisher")
        self.user("bob", "--role", "publisher", "--organisation", "Grid Ltd")
        self.user("eve", "--role", "reader", "--organisation", "Grid Ltd")
        self.user("sam", "--role", "publisher", "--organisation", "Stranger Ltd")
        self.user("audit", "--role", "auditor")
        self.run("circle", "add", "High value indicators", "--id", HIGH, "--alias", "high-value", "--description",
                 "For the gateway", "--root", "trustgroup1", "--media-type", *STIX, "--member", "Grid Ltd", "--grant",
                 "mute=w")
        self.run("circle", "add", "Only read", "--id", LOW, "--root", "trustgroup1", "--member", "Grid Ltd", "--by-grant",
                 "--grant", "eve=r", "ann=rw")
        for number, thing in enumerate(LOADED):
            (self.folder / f"{number}.json").write_text(json.dumps(thing))
            self.run("import", f"{number}.json", "--circle", "high-value")

    def serve(self):
        names = {"SHIELDWALL_TAXII_TITLE": "CERT Example's server", "SHIELDWALL_TAXII_DESCRIPTION": "Indicators",
                 "SHIELDWALL_TAXII_CONTACT": "soc@cert.example"}
        self.process = subprocess.Popen([self.binary, "serve", "--dir", "node", "--json"], cwd=self.folder, text=True,
                                        stdout=subprocess.PIPE, env={**os.environ, **names})
        self.origin = json.loads(self.process.stdout.readline())["tools"]
        self.port = int(self.origin.rsplit(":", 1)[1])
        self.trust = ssl.create_default_context(cafile=self.folder / "node/tls/ca.pem")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(60)


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.bytes = response.status, response.headers, response.read()
        text = gzip.decompress(self.bytes) if self.headers.get("Content-Encoding") == "gzip" else self.bytes
        try:
            self.json = json.loads(text) if text else None
        except ValueError:
            self.json = None

    def ids(self):
        return [thing["id"] for thing in self.json.get("objects", [])]


class Client:
    def __init__(self, node, name):
        self.node, self.name = node, name
        self.connection = None

    def ask(self, method, path, body=None, **headers):
        sent = {"Accept": TAXII}
        if self.name:
            secret = f"{self.name}:{PASSWORD.format(self.name)}".encode()
            sent["Authorization"] = "Basic " + base64.b64encode(secret).decode()
        if body is not None:
            sent["Content-Type"] = TAXII
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        if self.connection is None:
            self.connection = http.client.HTTPSConnection("127.0.0.1", self.node.port, context=self.node.trust, timeout=60)
        try:
            self.connection.request(method, path, body, {name: value for name, value in sent.items() if value is not None})
            answer = Answer(self.connection.getresponse())
        except (http.client.HTTPException, OSError):
            self.connection = None
            raise
        if answer.headers.get("Connection") == "close":
            self.connection = None
        return answer

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, things, path=f"/trustgroup1/collections/{HIGH}/objects/"):
        return self.ask("POST", path, json.dumps({"objects": things}))


BASE = f"/trustgroup1/collections/{HIGH}/"


def is_error(answer, status, sentence):
    same(answer.status, status, sentence)
    same(answer.headers.get("Content-Type"), TAXII, f"{sentence}: the error has the TAXII media type")
    check(isinstance(answer.json, dict) and answer.json.get("title") and answer.json.get("http_status") == str(status),
          f"{sentence}: the error is a TAXII error message, not {answer.bytes[:200]!r}")


def walks_discovery(node, ann, eve):
    found = ann.get("/taxii2/")
    same(found.status, 200, "discovery answers")
    same(found.headers.get("Content-Type"), TAXII, "discovery has the TAXII media type")
    roots = [f"{node.origin}/{name}/" for name in ("trustgroup1", "api2")]
    same(found.json, {"title": "CERT Example's server", "description": "Indicators", "contact": "soc@cert.example",
                      "default": roots[0], "api_roots": roots}, "discovery says what the configuration says")
    same(ann.get("/taxii2").json, found.json, "discovery answers without its final slash")
    same(ann.get("/trustgroup1/").json, {"title": "Trust group 1", "description": "A trust group", "versions": [TAXII],
                                         "max_content_length": 200000}, "the API root is as it was made")
    high = {"id": HIGH, "title": "High value indicators", "description": "For the gateway", "alias": "high-value",
            "can_read": True, "can_write": True, "media_types": STIX}
    low = {"id": LOW, "title": "Only read", "can_read": True, "can_write": True, "media_types": STIX[:1]}
    listed = ann.get("/trustgroup1/collections/").json["collections"]
    same(listed[:2], [high, low], "collections are as they were made")
    same([one["id"] for one in listed], [HIGH, LOW, EVERYTHING], "the collection of everything has its id")
    same(ann.get(BASE).json, high, "a collection answers by its id")
    same(ann.get("/trustgroup1/collections/high-value/").json, high, "a collection answers by its alias")
    mine = {one["id"]: (one["can_read"], one["can_write"]) for one in eve.get("/trustgroup1/collections/").json["collections"]}
    same((mine[HIGH], mine[LOW]), ((True, False), (True, False)), "rights are told as each account has them")
    same(ann.get("/api2/collections/").json, {}, "a root without collections lists none")


def filters(ann):
    def ids(rest, kind="objects"):
        return ann.get(f"{BASE}{kind}/{rest}").ids()

    page = ann.get(BASE + "objects/")
    same(page.ids(), LAST, "objects come in the order in which they were added")
    same(page.json["more"], False, "the only page says there is no more")
    manifest = ann.get(BASE + "manifest/").json["objects"]
    same([entry["id"] for entry in manifest], LAST, "the manifest has the same order")
    dates = [entry["date_added"] for entry in manifest]
    same(dates, sorted(set(dates)), "each object has a date of its own")
    same((page.headers["X-TAXII-Date-Added-First"], page.headers["X-TAXII-Date-Added-Last"]), (dates[0], dates[-1]),
         "the headers date the page")
    same(manifest[0]["media_type"], STIX[0], "the manifest names the media type")
    same(manifest[2]["version"], manifest[2]["date_added"], "an observable's version is when it was added")
    one, two = indicator(1)["id"], indicator(2)["id"]
    for kind in ("objects", "manifest"):
        same(ids(f"?match[id]={two},{ADDRESS['id']}", kind), [two, ADDRESS["id"]], f"{kind}: match[id] means any of them")
        same(ids("?match[type]=malware,ipv4-addr", kind), [MALWARE["id"], ADDRESS["id"]], f"{kind}: match[type]")
        same(ids(f"?match[type]=malware&match[id]={two}", kind), [], f"{kind}: different fields mean and")
        same(ids("?match[version]=all", kind), [thing["id"] for thing in LOADED], f"{kind}: all versions, as added")
        same(ids("?match[version]=first", kind), [thing["id"] for thing in LOADED[:3] + LOADED[4:6]], f"{kind}: first")
        same(ids("?match[version]=last", kind), LAST, f"{kind}: last is what one gets unasked")
        same(ids("?match[version]=2020-01-01T00:02:00Z", kind), [one], f"{kind}: an exact version is an instant")
        same(ids("?match[spec_version]=2.1", kind), LAST, f"{kind}: match[spec_version]")
        same(ids("?match[spec_version]=2.0", kind), [], f"{kind}: nothing is STIX 2.0")
        same(ids(f"?added_after={dates[1]}", kind), LAST[2:], f"{kind}: added_after is exclusive")
    versions = ann.get(f"{BASE}objects/{one}/versions/")
    same(versions.json["versions"], [f"2020-01-01T00:0{n}:00.000Z" for n in (1, 2, 3)], "versions are listed as added")
    check("X-TAXII-Date-Added-First" in versions.headers, "versions are dated")
    same([thing["modified"][14:16] for thing in ann.get(f"{BASE}objects/{one}/?match[version]=first,last").json["objects"]],
         ["01", "03"], "first and last of one object")
    same(ann.get(f"{BASE}objects/{one}/").json["objects"], [LOADED[6]], "its own organisation reads the object it sent")
    empty = ann.get(BASE + "objects/?match[type]=tool")
    same((empty.status, empty.json), (200, {}), "nothing is an empty envelope")
    check("X-TAXII-Date-Added-First" not in empty.headers, "nothing has no dates")
    same(ann.get("/trustgroup1/collections/high-value/objects/").ids(), LAST, "the alias leads to the same objects")
    same(ann.get(f"/trustgroup1/collections/{EVERYTHING}/objects/").ids(), LAST, "so does the collection of everything")


def pages_while_others_add(ann, bob):
    wanted, written, got, after = 150, threading.Event(), [], None

    def write():
        for first in range(1000, 1000 + wanted, 10):
            same(ann.post([indicator(number) for number in range(first, first + 10)]).status, 202, "objects are taken")
        written.set()

    writer = threading.Thread(target=write)
    writer.start()
    last_round = False
    while True:
        last_round = written.is_set()
        following = ""
        while True:
            since = f"&added_after={after}" if after else ""
            page = bob.get(f"{BASE}objects/?limit=7&match[type]=indicator{since}{following}")
            if page.status != 200:
                check(False, f"a page answered {page.status}: {page.bytes[:200]}")
                break
            check(len(page.ids()) <= 7, "a page has no more than its limit")
            got += page.ids()
            last = page.headers.get("X-TAXII-Date-Added-Last")
            if not page.json.get("more"):
                break
            following = f"&next={page.json['next']}"
        after = last or after
        if last_round:
            break
    writer.join()
    new = [one for one in got if int(one[-12:]) >= 1000]
    same(sorted(new), sorted(indicator(number)["id"] for number in range(1000, 1000 + wanted)),
         "a reader gets each object that others add meanwhile, once")
    first = bob.get(f"{BASE}objects/?limit=3")
    same(bob.get(f"{BASE}objects/?limit=3&match[type]=malware&next={first.json['next']}").status, 400,
         "a cursor is good for its own question alone")
    for kind in (f"{BASE}manifest/?", f"{BASE}objects/{indicator(1)['id']}/versions/?"):
        page = bob.get(f"{kind}limit=1")
        second = bob.get(f"{kind}limit=1&next={page.json['next']}")
        check(second.status == 200 and second.json != page.json, f"next works on {kind}")


def adds_and_deletes(ann, bob, mute):
    bad = {**indicator(51), "pattern_type": 5}
    status = ann.post([indicator(50), bad, indicator(2), {"type": "indicator"}])
    same(status.status, 202, "an envelope with bad objects is taken")
    told = status.json
    same((told["status"], told["total_count"], told["success_count"], told["failure_count"], told["pending_count"]),
         ("complete", 4, 2, 2, 0), "each object is judged alone, and the counts add up")
    same([one["id"] for one in told["successes"]], [indicator(50)["id"], indicator(2)["id"]], "a duplicate is a success")
    check(all(one.get("message") and "version" in one and "id" in one for one in told["failures"]), "failures say why")
    same(ann.get(f"/trustgroup1/status/{told['id']}/").json, told, "the status can be asked for again")
    is_error(bob.get(f"/trustgroup1/status/{told['id']}/"), 404, "another account's status is not there")
    is_error(ann.get(f"/trustgroup1/status/{FOREIGN_STATUS}/"), 404, "an unknown status is not there")
    changed = ann.post([indicator(50, name="another name")]).json
    same(changed["failure_count"], 1, "the same version with other content is a failure")
    same(mute.post([indicator(52)]).status, 202, "who may only write writes")
    is_error(mute.get(BASE + "objects/"), 403, "and does not read")
    one = f"{BASE}objects/{indicator(1)['id']}/"
    same(ann.ask("DELETE", one + "?match[version]=first").status, 200, "one version is deleted")
    same(len(ann.get(one + "versions/").json["versions"]), 2, "the others stay")
    is_error(bob.ask("DELETE", one), 403, "a member deletes only what it added")
    is_error(mute.ask("DELETE", one), 403, "to delete one must read and write")
    same(ann.ask("DELETE", one).status, 200, "an object is deleted")
    is_error(ann.get(one), 404, "it is gone")
    is_error(ann.ask("DELETE", one), 404, "and cannot be deleted again")


def errors(node, ann, eve, sam):
    nobody, wrong, audit = Client(node, None), Client(node, "nobody"), Client(node, "audit")
    for who, path in ((nobody, "/taxii2/"), (nobody, BASE), (wrong, "/taxii2/"), (nobody, "/nosuch/")):
        answer = who.get(path)
        is_error(answer, 401, f"{path} without an account")
        check("Basic" in answer.headers.get("WWW-Authenticate", ""), "a 401 says how to sign in")
    is_error(audit.get("/taxii2/"), 403, "an account that may not read")
    for path in ("/nosuch/", "/nosuch/collections/", "/trustgroup1/nosuch/", "/trustgroup1/nosuch/deeper/still/",
                 f"/trustgroup1/collections/{FOREIGN_STATUS}/", f"/api2/collections/{HIGH}/objects/",
                 f"{BASE}objects/indicator--00000000-0000-4000-8000-999999999999/", f"{BASE}objects/nonsense/",
                 "/taxii2/nosuch/"):
        is_error(ann.get(path), 404, path)
    is_error(sam.get(BASE), 404, "a collection of others is not there")
    is_error(eve.post([indicator(60)]), 403, "who may only read does not add")
    for method, path in (("PUT", BASE), ("POST", "/taxii2/"), ("DELETE", BASE + "objects/"), ("PATCH", "/trustgroup1/")):
        answer = ann.ask(method, path, "{}")
        is_error(answer, 405, f"{method} {path}")
        check("GET" in answer.headers.get("Allow", ""), "a 405 says what is allowed")
    for accept in ("application/json", "application/taxii+json;version=2.0", "text/html"):
        is_error(ann.get(BASE, Accept=accept), 406, f"Accept: {accept}")
    for accept in ("*/*", "application/taxii+json", 'application/taxii+json; version="2.1", text/html;q=0.1', None):
        same(ann.get(BASE, Accept=accept).status, 200, f"Accept: {accept} is met")
    objects = BASE + "objects/"
    envelope = json.dumps({"objects": [indicator(61)]})
    for kind in ("application/json", "application/stix+json;version=2.1", "text/plain", None):
        is_error(ann.ask("POST", objects, envelope, Content_Type=kind), 415, f"Content-Type: {kind}")
    is_error(ann.ask("POST", objects, envelope, Content_Encoding="br"), 415, "a body in another coding")
    for body in ("{", "", "[", '{"objects":[{"a":1,"a":2}]}'):
        is_error(ann.ask("POST", objects, body), 400, f"the body {body!r}")
    for body in ("[]", "{}", '{"objects":{}}', '{"objects":[]}', "5"):
        is_error(ann.ask("POST", objects, body), 422, f"the body {body!r}")
    is_error(ann.ask("POST", objects, json.dumps({"objects": [indicator(62, description="d" * 300000)]})), 413,
             "more than max_content_length")
    is_error(ann.ask("POST", objects, gzip.compress(b" " * 50_000_000), Content_Encoding="gzip"), 413, "a gzip bomb")
    for query in ("limit=0", "limit=-1", "limit=x", "added_after=yesterday", "match[version]=newest", "match[colour]=red",
                  "next=nonsense"):
        is_error(ann.get(f"{objects}?{query}"), 400, query)
    same(ann.get(f"{objects}?colour=red").status, 200, "an unknown parameter that is no filter is passed over")


def packs(ann):
    plain = ann.get(BASE + "objects/")
    packed = ann.get(BASE + "objects/", Accept_Encoding="gzip, deflate")
    same(packed.headers.get("Content-Encoding"), "gzip", "an answer is gzip where that is asked for")
    same(packed.json, plain.json, "and says the same")
    same(ann.get(BASE + "objects/", Accept_Encoding="gzip;q=0").headers.get("Content-Encoding"), None, "and only there")
    envelope = gzip.compress(json.dumps({"objects": [indicator(70)]}).encode())
    taken = ann.ask("POST", BASE + "objects/", envelope, Content_Encoding="gzip")
    same((taken.status, taken.json["success_count"]), (202, 1), "a body may be gzip")


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        node = Node(binary, folder)
        try:
            node.build()
            node.serve()
            ann, bob, eve, sam, mute = (Client(node, name) for name in ("ann", "bob", "eve", "sam", "mute"))
            walks_discovery(node, ann, eve)
            filters(ann)
            errors(node, ann, eve, sam)
            pages_while_others_add(Client(node, "ann"), bob)
            adds_and_deletes(ann, bob, mute)
            packs(ann)
        finally:
            node.stop()
    print(f"{len(failed)} checks failed")
    sys.exit(1 if failed else 0)


main()
