#!/usr/bin/env python3
"""Makes samples/demo: what the CERT of Northland knows, and a week of Harbour Energy's logs.

All names are reserved for documentation (RFC 2606, RFC 5737, RFC 3849). Same seed, same bytes.
usage: tools/make_demo_sample.py FOLDER
"""
import gzip
import hashlib
import json
import pathlib
import random
import sys
import uuid

RANDOM = random.Random(20240917)
START = 1726444800  # 2024-09-16T00:00:00Z
WEEK = 7 * 86400
CERT = "identity--3e1b1c52-9d51-4c3f-8a5e-5f1d3a8f9b10"


def stix_id(kind):
    return f"{kind}--{uuid.UUID(int=RANDOM.getrandbits(128), version=4)}"


def indicator(name, pattern, text):
    return {"type": "indicator", "spec_version": "2.1", "id": stix_id("indicator"), "created_by_ref": CERT,
            "created": "2024-09-15T08:00:00.000Z", "modified": "2024-09-15T08:00:00.000Z", "name": name,
            "description": text, "indicator_types": ["malicious-activity"], "pattern": pattern,
            "pattern_type": "stix", "valid_from": "2024-09-15T08:00:00Z", "confidence": 80}


def hash_of(word):
    return hashlib.sha256(word.encode()).hexdigest()


C2_DOMAINS = ["update.tidewater.example", "cdn.lantern-relay.example", "mail.quayside-portal.example",
              "api.harbourlight.example", "static.breakwater.example", "ns1.northstar-sync.example",
              "img.saltmarsh.example", "login.ferryman.example"]
C2_ADDRESSES = ["203.0.113.17", "203.0.113.99", "198.51.100.7", "198.51.100.23", "2001:db8:5:1::66"]
C2_NET = "203.0.113.192/28"
URLS = ["http://files.dock-supply.example/invoice/09.iso", "http://203.0.113.99/stage2/loader.bin"]
FILES = [hash_of("loader"), hash_of("implant"), hash_of("dropper")]
HIDDEN_DOMAINS = ["sensor-tap.example", "source-seven.example", "takeover-plan.example"]


def shared_objects():
    out = [{"type": "identity", "spec_version": "2.1", "id": CERT, "created": "2024-01-01T00:00:00.000Z",
            "modified": "2024-01-01T00:00:00.000Z", "name": "CERT of Northland", "identity_class": "organization",
            "sectors": ["government"]}]
    malware = {"type": "malware", "spec_version": "2.1", "id": stix_id("malware"), "created_by_ref": CERT,
               "created": "2024-09-15T08:00:00.000Z", "modified": "2024-09-15T08:00:00.000Z", "name": "Driftnet",
               "is_family": True, "malware_types": ["remote-access-trojan"],
               "description": "Loads from an ISO image in a false invoice, then speaks to its servers over TLS."}
    out.append(malware)
    found = [indicator(f"Driftnet server {d}", f"[domain-name:value = '{d}']", "Names the implant resolves.")
             for d in C2_DOMAINS]
    found += [indicator(f"Driftnet address {a}",
                        f"[{'ipv6' if ':' in a else 'ipv4'}-addr:value = '{a}']", "Addresses the implant connects to.")
              for a in C2_ADDRESSES]
    found.append(indicator("Driftnet hosting range", f"[ipv4-addr:value ISSUBSET '{C2_NET}']", "Rented as a block."))
    found += [indicator(f"Driftnet download {u}", f"[url:value = '{u}']", "Where the false invoice leads.") for u in URLS]
    found += [indicator("Driftnet file", f"[file:hashes.'SHA-256' = '{h}']", "Stages of the implant.") for h in FILES]
    out += found
    for one in found:
        out.append({"type": "relationship", "spec_version": "2.1", "id": stix_id("relationship"), "created_by_ref": CERT,
                    "created": "2024-09-15T08:00:00.000Z", "modified": "2024-09-15T08:00:00.000Z",
                    "relationship_type": "indicates", "source_ref": one["id"], "target_ref": malware["id"]})
    return out


def hidden_objects():
    return [indicator(f"Under observation: {d}", f"[domain-name:value = '{d}']",
                      "Watched with a source that must not be known.") for d in HIDDEN_DOMAINS]


def bundle(objects):
    return json.dumps({"type": "bundle", "id": stix_id("bundle"), "objects": objects}, indent=1) + "\n"


def uid():
    return "C" + "".join(RANDOM.choice("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(17))


def inside():
    return f"192.0.2.{RANDOM.randint(10, 200)}"


def ordinary_address():
    return f"198.51.100.{RANDOM.choice([n for n in range(40, 250)])}"


def ordinary_domain():
    words = ["weather", "news", "parts", "crane", "pilot", "tariff", "wind", "grid", "metering", "canteen"]
    return f"{RANDOM.choice(['www', 'api', 'cdn', 'm'])}.{RANDOM.choice(words)}-{RANDOM.randint(1, 60)}.example"


def moments(count):
    return sorted(START + RANDOM.random() * WEEK for _ in range(count))


def plant(rows, values, field, start=0):
    """Puts each value into one to three rows, far apart."""
    for value in values:
        for _ in range(RANDOM.randint(1, 3)):
            rows[RANDOM.randrange(start, len(rows))][field] = value


def logs():
    conn = [{"ts": round(t, 6), "uid": uid(), "id.orig_h": inside(), "id.orig_p": RANDOM.randint(1024, 65535),
             "id.resp_h": ordinary_address(), "id.resp_p": RANDOM.choice([80, 443, 53, 123]), "proto": "tcp",
             "duration": round(RANDOM.random() * 30, 6), "orig_bytes": RANDOM.randint(40, 9000),
             "resp_bytes": RANDOM.randint(40, 90000), "conn_state": "SF"} for t in moments(6000)]
    plant(conn, ["203.0.113.17", "198.51.100.23", "203.0.113.201", "2001:db8:5:1:0:0:0:66"], "id.resp_h")
    dns = [{"ts": round(t, 6), "uid": uid(), "id.orig_h": inside(), "id.orig_p": RANDOM.randint(1024, 65535),
            "id.resp_h": "192.0.2.1", "id.resp_p": 53, "proto": "udp", "query": ordinary_domain(), "qtype_name": "A",
            "rcode_name": "NOERROR", "answers": [ordinary_address()]} for t in moments(4000)]
    plant(dns, ["update.tidewater.example", "CDN.Lantern-Relay.example", "a1.api.harbourlight.example",
                "sensor-tap.example"], "query")
    http = [{"ts": round(t, 6), "uid": uid(), "id.orig_h": inside(), "id.orig_p": RANDOM.randint(1024, 65535),
             "id.resp_h": ordinary_address(), "id.resp_p": 80, "method": "GET", "host": ordinary_domain(),
             "uri": f"/page/{RANDOM.randint(1, 999)}", "user_agent": "Mozilla/5.0", "status_code": 200}
            for t in moments(1500)]
    one = http[RANDOM.randrange(len(http))]
    one["host"], one["uri"] = "files.dock-supply.example", "/invoice/09.iso"
    files = [f"{int(t)},ws{RANDOM.randint(1, 90)},C:\\Users\\Public\\{RANDOM.randint(1, 9999)}.tmp,{hash_of(str(t))}"
             for t in moments(500)]
    files[RANDOM.randrange(len(files))] = f"{START + 90000},ws14,C:\\Users\\Public\\invoice.bin,{FILES[0]}"
    return conn, dns, http, ["time,host,path,sha256"] + files


def write_gz(path, text):
    with open(path, "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
        packed.write(text.encode())


def main():
    folder = pathlib.Path(sys.argv[1])
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    (folder / "shared.json").write_text(bundle(shared_objects()))
    (folder / "hidden.json").write_text(bundle(hidden_objects()))
    conn, dns, http, files = logs()
    for name, rows in (("conn", conn), ("dns", dns), ("http", http)):
        write_gz(folder / "logs" / f"{name}.log.gz", "".join(json.dumps(r) + "\n" for r in rows))
    (folder / "logs" / "files.csv").write_text("\n".join(files) + "\n")


main()
