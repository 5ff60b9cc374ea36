"""A second implementation of docs/formats/: labels, rosters, statements and field trees, from the pages alone."""
import hashlib
import hmac
import json
import uuid
from datetime import datetime, timezone


def u(size, value):
    return value.to_bytes(size, "big", signed=value < 0)


def counted(data):
    return u(4, len(data)) + data


def many(elements):
    elements = list(elements)
    return u(4, len(elements)) + b"".join(elements)


def uid(text):
    return uuid.UUID(text).bytes


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def optional(text, encode):
    return encode(text) if text else b""


# ---------------------------------------------------------------- label.md

TLP = ["clear", "green", "amber", "amber+strict", "red"]
PAP = ["clear", "green", "amber", "red"]
USE = {"notify_affected": 1, "attribute": 2, "resell": 4, "regulate": 8}


def instant(text):
    day = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    since = day - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds


def clause(value):
    owner = uid(value["owner"])
    if "alliance" in value:
        return (owner + b"\1" + uid(value["alliance"]) + u(4, value["roster_version"])
                + many(n.encode() for n in value.get("nations", []))
                + many(uid(o) for o in value.get("organisations", [])))
    if "circle" in value:
        return owner + b"\2" + uid(value["circle"]) + u(4, value["membership_version"])
    return owner + b"\0"


def label(value):
    level = value.get("classification", {"scheme": 0, "ordinal": 0})
    flags = 0
    rest = b""
    if value.get("originator_control"):
        flags |= 1
    if value.get("discoverable", True):
        flags |= 2
    if "realm" in value:
        flags |= 4
        rest += uid(value["realm"])
    if "persons" in value:
        flags |= 8
        rest += many(uid(p["organisation"]) + (uid(p["person"]) if "person" in p else bytes(16))
                     for p in value["persons"])
    for name, flag in (("embargo", 16), ("end", 32)):
        if name in value:
            flags |= flag
            rest += u(8, instant(value[name]))
    use = sum(USE[name] for name, limit in value.get("use_limits", {}).items() if limit == "must-not")
    return (b"\1" + u(1, TLP.index(value["tlp"])) + u(1, PAP.index(value.get("pap", "clear"))) + u(1, use)
            + u(2, level["scheme"]) + u(1, level["ordinal"]) + u(1, flags)
            + many(clause(c) for c in value["audience"])
            + many(uid(c) for c in value.get("compartments", [])) + rest)


# ---------------------------------------------------------------- roster.md


def level(pair):
    return u(2, pair[0]) + u(1, pair[1])


def key_id(algorithm, key):
    return sha256(u(1, algorithm), key)


def member(value):
    return (uid(value["organisation"]) + counted(value["name"].encode()) + u(1, value["kind"])
            + counted(value["nation"].encode()) + counted(optional(value["host"], uid))
            + many(uid(c) for c in value["clients"])
            + many(u(1, k["use"]) + u(1, k["algorithm"]) + counted(bytes.fromhex(k["key"]))
                   for k in value["keys"])
            + many(bytes.fromhex(p) for p in value["pins"])
            + many(counted(c["name"].encode()) + counted(c["address"].encode()) + u(1, int(c["around_the_clock"]))
                   for c in value["contacts"])
            + many(counted(e.encode()) for e in value["expertise"])
            + many(bytes.fromhex(t["document"]) + u(8, t["accepted"]) for t in value["terms"]))


def roster(value):
    return (b"\1" + uid(value["alliance"]) + counted(value["name"].encode()) + u(4, value["version"])
            + counted(bytes.fromhex(value["predecessor"]))
            + many(uid(f) for f in value["founders"]) + u(4, value["founders_needed"])
            + many(d["nation"].encode() + uid(d["to"]) for d in value["delegations"])
            + many(level(e["held"]) + level(e["reached"]) for e in value["equivalences"])
            + many(counted(member(m)) for m in value["members"]))


def roster_digest(data):
    return sha256(b"shieldwall/roster/v1", data)


# ---------------------------------------------------------------- statement.md


def stated_object(value):
    if not value["object"]:
        return b""
    kind, identity = value["object"].split("--")
    return u(8, value["object_version"]) + uid(identity) + kind.encode()


def statement(value):
    source = u(1, value["source_kind"]) + uid(value["source"]) if value["source"] else b""
    fields = [uid(value["alliance"]), uid(value["origin"]), uid(value["release"]), stated_object(value),
              u(4, value["number"]), bytes.fromhex(value["predecessor"]), bytes.fromhex(value["commitment"]),
              bytes.fromhex(value["field_root"]), label(value["label"]), bytes.fromhex(value["audience"]),
              u(1, value["kind"]), source, bytes.fromhex(value["key"]), u(1, value["algorithm"])]
    return b"\1" + b"".join(counted(f) for f in fields)


def node(left, right):
    return sha256(b"\1", left, right)


def batch_root(leaf, position, beside):
    for height, other in enumerate(beside):
        leaf = node(other, leaf) if position >> height & 1 else node(leaf, other)
    return leaf


def signed(data, position, beside, signature):
    return (b"\1" + counted(data) + u(2, position) + b"".join(beside) + b"\1" + counted(signature))


# ---------------------------------------------------------------- field trees


def drawn(secret, use, path, number=0):
    return hmac.new(secret, u(1, use) + counted(path.encode()) + u(4, number), hashlib.sha256).digest()


def leaf(salt, path, text):
    return sha256(b"\0", salt, counted(path.encode()), text.encode())


class Scan:
    """JSON as received: every value with its exact text."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def space(self):
        while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
            self.at += 1

    def value(self):
        """(text, children): children are (step, name, value) of an object or array, else None."""
        self.space()
        begin = self.at
        children = None
        if self.text[begin] in "{[":
            children = self.container()
        else:
            _, self.at = json.JSONDecoder().raw_decode(self.text, begin)
        return self.text[begin:self.at], children

    def container(self):
        is_object = self.text[self.at] == "{"
        children = []
        self.at += 1
        self.space()
        while self.text[self.at] not in "}]":
            name = str(len(children))
            if is_object:
                self.space()
                name, self.at = json.JSONDecoder().raw_decode(self.text, self.at)
                self.space()
                self.at += 1
            children.append(("/" if is_object else "#", name, self.value()))
            self.space()
            if self.text[self.at] == ",":
                self.at += 1
            self.space()
        self.at += 1
        return children


def steps_of(selector):
    return [s[1:-1] if s.startswith("[") else s for s in selector.split(".")]


def prefixes_to_split(value):
    """The ways to the values that granular markings take apart, as tuples of names."""
    found = set()
    for marking in value.get("granular_markings", []):
        for selector in marking["selectors"]:
            at, way, ways = value, (), set()
            try:
                for step in steps_of(selector):
                    at = at[int(step)] if isinstance(at, list) else at[step]
                    ways.add(way)
                    way += (step,)
            except (KeyError, IndexError, TypeError, ValueError):
                continue
            found |= ways
    return found


def has_references(name, scanned):
    text, children = scanned
    if not children:
        return False
    if name.endswith("_refs") and text[0] == "[":
        return True
    return any(has_references(n if step == "/" else "", v) for step, n, v in children)


class Tree:
    """The field tree of an object. `shown`: paths whose fields are opened."""

    def __init__(self, text, secret, shown):
        self.secret, self.shown, self.fields = secret, set(shown), []
        value = json.loads(text)
        self.split = prefixes_to_split(value)
        entries = self.entries(Scan(text).value(), "", ())
        if "created" not in value and "modified" not in value:
            canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            entries.append(self.field("", '"' + hashlib.sha256(canonical.encode()).hexdigest() + '"'))
        self.root, self.opening = self.joined(entries, "")

    def field(self, path, text):
        salt = drawn(self.secret, 0, path)
        self.fields.append((path, salt, text))
        opened = None
        if path in self.shown:
            opened = [b"\2" + counted(path.encode()) + salt + counted(text.encode())]
        return leaf(salt, path, text), opened

    def entries(self, scanned, path, way):
        found = []
        for step, name, child in scanned[1]:
            at = path + step + name.replace("~", "~0").replace("/", "~1").replace("#", "~2")
            on = way + (name,)
            if child[1] and (on in self.split or has_references(name if step == "/" else "", child)):
                found.append(self.joined(self.entries(child, at, on), at))
            else:
                found.append(self.field(at, child[0]))
        return found

    def joined(self, level_, path):
        size = 1
        while size < len(level_):
            size *= 2
        level_ = level_ + [(drawn(self.secret, 1, path, i), None) for i in range(size - len(level_))]
        level_.sort(key=lambda entry: entry[0])
        while len(level_) > 1:
            level_ = [self.pair(level_[i], level_[i + 1]) for i in range(0, len(level_), 2)]
        return level_[0]

    @staticmethod
    def pair(left, right):
        nodes = None
        if left[1] or right[1]:
            nodes = [b"\1"]
            for hash_, opened in (left, right):
                nodes += opened or [b"\0" + hash_]
        return node(left[0], right[0]), nodes

    def opening_bytes(self):
        return b"\1" + many(self.opening or [b"\0" + self.root])


def opened_root(data):
    """Root and fields that an opening's bytes lead to, read from the bytes alone."""
    at = 1
    fields = []

    def take(size):
        nonlocal at
        at += size
        return data[at - size:at]

    def number():
        return int.from_bytes(take(4), "big")

    count = number()
    seen = 0

    def walk():
        nonlocal seen
        seen += 1
        kind = take(1)[0]
        if kind == 0:
            return take(32)
        if kind == 1:
            left = walk()
            return node(left, walk())
        path = take(number()).decode()
        salt = take(32)
        text = take(number()).decode()
        fields.append((path, text))
        return leaf(salt, path, text)

    root = walk()
    assert seen == count and at == len(data)
    return root, fields
