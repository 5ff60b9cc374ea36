"""The steps of the demo's story: what each member does, and what it then knows. Figures are what the nodes answer."""
import base64
import datetime
import json
import os
import re
import time
import uuid

from demo_node import wait_until

CIRCLE = "northern-shield"
ASKED = ["mail.quayside-portal.example", "sensor-tap.example"]  # Northland released the one and keeps the other
REGRETTED = "login.ferryman.example"
REFUSED = 3  # exit status: by policy


def share(demo, northland, westmark, harbour):
    """Northland releases what all may know and keeps what would betray a source."""
    hidden = release(northland, demo.samples / "hidden.json")
    demo.started = time.monotonic()
    shared = release(northland, demo.samples / "shared.json", "--circle", CIRCLE)
    for node in (westmark, harbour):
        wait_until(lambda node=node: len(node.objects()) >= shared, f"{node.organisation} sees what was shared")
    seconds = since(demo.started)
    received = len(harbour.objects())
    demo.figures.update(shared=shared, received=received, hidden=shared + hidden - received, seconds_to_visible=seconds)
    demo.tell("Share", f"Northland released {shared} objects; {seconds} s later Westmark and Harbour Energy had "
              f"{received}. They can't tell that {demo.figures['hidden']} more exist, which would betray a source.")


def carry(demo, hub, skerry):
    """The hub's operator writes what waits for Skerry Radar onto a stick, and cannot read that either."""
    taken = by_stick(demo, hub, skerry)
    demo.figures["carried"] = taken["objects"]
    demo.tell("Carry", f"A stick brought {taken['objects']} of them to Skerry Radar: sealed, signed, numbered.")


def find(demo, westmark, harbour):
    """Both look in their own telemetry, and keep hourly counts of what they met."""
    def scan(node, path):
        told = node.run("scan", "--sightings", path, allowed=(0, 1))
        return re.search(r"(\d+) hits of (\d+) indicators, \d+ looked for, in (\d+) lines of (\d+) files", told)

    totals = scan(harbour, demo.options.logs or demo.samples / "logs")
    also = scan(westmark, demo.samples / "logs/dns.log.gz")
    demo.figures.update(lines=int(totals[3]), hits=int(totals[1]))
    demo.tell("Find", f"Harbour Energy read {totals[3]} lines of {'your' if demo.options.logs else 'its'} logs and met "
              f"{totals[2]} of the indicators, {totals[1]} times; Westmark met {also[2]} in its own.")


def tell_back(demo, northland, westmark, harbour):
    """Counts by the day go back to who gave the indicators, since both chose so."""
    met = {node: {one["indicator"] for one in node.get("/api/v1/sightings/own")[1]["indicators"]}
           for node in (westmark, harbour)}
    for node in met:
        node.run("sighting", "choose", CIRCLE, "counts")
        node.run("sighting", "send")
    members = {}

    def returned():
        told = northland.get("/api/v1/sightings")[1]["indicators"]
        members.update({one["indicator"]: one["members"] for one in told})
        return all(members.get(one, 0) >= sum(one in mine for mine in met.values())
                   for mine in met.values() for one in mine)

    wait_until(returned, "Northland sees what its indicators met")
    seconds = since(demo.started)
    by_two = sum(count == 2 for count in members.values())
    demo.figures.update(sightings_returned=len(members), sighted_by_two=by_two, seconds_to_sighting=seconds)
    demo.tell("Tell back", f"{seconds} s after it shared them, Northland sees that {len(members)} of its indicators "
              f"were met, {by_two} of them by 2 members. Of the logs it learns days and counts, nothing else.")


def ask(demo, northland, harbour):
    """Harbour Energy asks whether Northland knows two names, without telling them."""
    password = base64.urlsafe_b64encode(os.urandom(18)).decode()
    northland.run("user", "add", "harbour", "--organisation", harbour.organisation, "--role", "reader",
                  "--password-env", "DEMO_PASSWORD", environment={"DEMO_PASSWORD": password})
    answers = harbour.json("ask", *ASKED, "--peer", northland.url(), "--ca", northland.authority(), "--user", "harbour",
                           environment={"SHIELDWALL_TAXII_PASSWORD": password}, allowed=(0, 1))["answers"]
    held = sum(one["held"] for one in answers)
    demo.figures.update(asked=len(answers), held=held)
    demo.tell("Ask", f"Harbour Energy asked Northland about {len(answers)} names in private: {held} is held. Northland "
              "counted the questions and learned nothing of them; the other name it keeps to itself, and so: not held.")


def recall(demo, northland, westmark, harbour, hub, skerry):
    """Northland takes an indicator back; whoever has a line confirms that it is gone. Gives its id."""
    regretted = next(one for one, read in northland.objects(type="indicator").items() if REGRETTED in read["pattern"])
    begun = time.monotonic()
    northland.run("recall", regretted)
    for node in (westmark, harbour):
        wait_until(lambda node=node: not node.holds(regretted), f"{node.organisation} let go of it")
    seconds = since(begun)
    states = {}

    def confirmed():
        told = northland.get(f"/api/v1/objects/{regretted}/recall")[1]["recipients"]
        states.update({one["name"]: one["state"] for one in told})
        return sum(state == "confirmed" for state in states.values()) >= 2

    wait_until(confirmed, "both confirmed that it is gone")
    by_stick(demo, hub, skerry)
    gone = sum(not node.holds(regretted) for node in (westmark, harbour, skerry))
    demo.figures.update(recalled=gone, seconds_to_recall=seconds,
                        recall_confirmed=sum(state == "confirmed" for state in states.values()))
    demo.tell("Recall", f"Northland took an indicator back: gone at Westmark and Harbour Energy in {seconds} s, who "
              "confirmed it under their signature, and with the next stick at Skerry Radar, of which Northland knows "
              f"no more than: {states[skerry.organisation]}.")
    return regretted


def refuse(demo, northland, westmark, harbour, hub, skerry):
    """Two attempts to send to somebody who may not have it: one stops at the sender's node, one at the receiver's."""
    why = pass_on(demo, northland, westmark, harbour)
    kept = come_too_late(demo, northland, hub, skerry)
    demo.figures.update(refused=2, evidence=len(kept))
    demo.tell("Refuse", f"Westmark tried to pass on to all what Northland gave to it alone. Its node: \"{why}\"; "
              "imported anew, it stayed under Northland's label and went to nobody. And a stick reached Skerry Radar "
              f"when what it carried was over. Skerry's node: \"{kept[0]['reason']}\"; it keeps the signed statement "
              f"{kept[0]['statement'][:12]}... as evidence, and nothing of the content.")


def pass_on(demo, northland, westmark, harbour):
    """Westmark widens the label of what it alone was given, then imports it anew; gives what it was told."""
    northland.run("circle", "add", "National CERTs", "--alias", "certs", "--member", westmark.organisation,
                  "--unmarked-tlp", "amber")
    given = indicator("for-certs-alone.example")
    release(northland, given, "--circle", "certs")
    wait_until(lambda: westmark.holds(given["id"]), "Westmark has what is for CERTs alone")
    widened = demo.tried("object", "relabel", given["id"], "--circle", CIRCLE, "--tlp", "green", "--dir",
                         westmark.folder)
    assert widened.returncode == REFUSED, widened
    release(westmark, given, "--circle", CIRCLE)
    later = indicator("westmarks-own.example")  # when this has come, the other would have
    release(westmark, later, "--circle", CIRCLE)
    wait_until(lambda: harbour.holds(later["id"]), "Harbour Energy has what Westmark may share")
    assert not harbour.holds(given["id"]), "it was passed on"
    doors = {one["door"] for one in westmark.json("delivered", given["id"])["deliveries"]}
    assert "federation" not in doors, doors
    return widened.stderr.strip().removeprefix("shieldwall: ").replace(given["id"], "such object")


def come_too_late(demo, northland, hub, skerry):
    """A stick arrives when nobody may see any more what it carries; gives what Skerry's node kept of it."""
    def on_the_way():
        members = hub.get("/api/v1/alliances")[1]["alliances"][0]["members"]
        return next(one["sent"] for one in members if one["name"] == skerry.organisation)

    begun = time.monotonic()
    by_stick(demo, hub, skerry)
    seconds = max(2.0, 3 * since(begun))
    while True:
        before = on_the_way()
        end = time.time() + seconds
        release(northland, indicator("over-by-now.example"), "--circle", CIRCLE, "--end", instant(seconds))
        wait_until(lambda: on_the_way() > before or time.time() > end, "the hub has it")
        taken = by_stick(demo, hub, skerry, not_before=end)
        if taken["refused"]:
            return skerry.get("/api/v1/alliances/refused")[1]["here"]
        seconds *= 2  # a machine so busy that it was over before it had left


def prove(demo, northland, harbour, hub, regretted):
    """Who got the indicator that was recalled: from Northland's log, checked without asking the node."""
    for node in demo.nodes:
        node.run("log", "verify")
    deliveries = [one for one in northland.json("delivered", regretted)["deliveries"] if one["door"] == "federation"]
    northland.run("log", "prove", regretted, "--out", demo.folder / "proof")
    key = northland.run("log", "key").strip()
    proofs = [demo.json("log", "verify", path, "--key", key) for path in sorted(demo.folder.glob("proof*"))]
    verified = sum(one["consistent"] and one["door"] == "federation" and regretted in one["objects"] for one in proofs)
    words = planted(demo)
    at_member, at_hub = words_found(harbour, words), words_found(hub, words)
    demo.figures.update(delivered=len(deliveries), proof_verified=verified, planted=len(words), member_found=at_member,
                        hub_found=at_hub)
    names = ", ".join(sorted(one["organisation_name"] for one in deliveries))
    demo.tell("Prove", f"All five logs lead to the roots that they signed. The recalled indicator had gone to {names}: "
              f"{verified} proofs from Northland's log say so, checked with its key alone. Of {len(words)} names and "
              f"ids of the sample, Harbour Energy's files hold {at_member} and the hub's {at_hub}.")


def planted(demo):
    """What nobody but members may read: every name and id of the sample."""
    objects = [one for name in ("shared", "hidden") for one in
               json.loads((demo.samples / f"{name}.json").read_text())["objects"] if one["type"] != "identity"]
    values = re.findall(r"'([^']+)'", " ".join(one.get("pattern", "") for one in objects))
    return [text.encode() for text in {*values, *(one["id"].split("--")[1] for one in objects), "Driftnet"}]


def words_found(node, words):
    """How many of the words stand in any file of the node's folder."""
    contents = [path.read_bytes() for path in node.folder.rglob("*") if path.is_file()]
    return sum(any(word in content for content in contents) for word in words)


def by_stick(demo, hub, skerry, not_before=0.0):
    """What waits at the hub, by a file."""
    stick = demo.folder / "stick.sw"
    stick.unlink(missing_ok=True)  # it was carried
    hub.run("carry", "out", skerry.organisation, stick)
    time.sleep(max(0.0, not_before - time.time()))
    return skerry.json("carry", "in", stick)


def release(node, what, *words):
    """Imports a file, or one object; how many were stored."""
    path = what
    if isinstance(what, dict):
        path = node.folder / "released.json"
        path.write_text(json.dumps(what))
    return node.json("import", path, *words)["report"]["stored"]


def indicator(value):
    at = instant()
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.uuid4()}", "created": at,
            "modified": at, "name": value, "indicator_types": ["malicious-activity"], "pattern_type": "stix",
            "pattern": f"[domain-name:value = '{value}']", "valid_from": at}


def instant(later=0.0):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=later)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def since(moment):
    return round(time.monotonic() - moment, 2)
