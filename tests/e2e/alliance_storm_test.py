#!/usr/bin/env python3
"""Three real nodes in bad weather: kill -9 and restart, cut wires, and people who go on sharing and recalling.

usage: alliance_storm_test.py SHIELDWALL SOURCE_DIR
Whatever was acknowledged is at everyone who may have it in the end, nobody has anything else, and what was recalled is
gone. In the middle of it one node is put back to a backup, and once more when all is quiet, after as many shares as the
row alliance_restored of tests/sizes.tsv says: its peers keep no evidence against it, it serves nothing recalled, and
what it shared since the backup is everywhere, also at itself. The row alliance_kills of tests/sizes.tsv says how often a node is killed; SHIELDWALL_STORM_SEED replays the choices.
"""
import contextlib
import http.client
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import threading
import time

from alliance_nodes import Member, Refused, Wire, ally, wait_until
from commands import test_size

CAUGHT_UP_SECONDS = 60  # a node that failed to reach another waits up to 15 s before it tries again
UNHEARD = (OSError, http.client.HTTPException, Refused)  # of a node that is killed meanwhile


class Traffic:
    """People at one node: they share for all, for nobody else, and recall."""

    def __init__(self, member, seed):
        self.pause = threading.Lock()  # held: nobody acts at this node
        self.member, self.random, self.ends = member, random.Random(seed), threading.Event()
        self.shared, self.secret, self.recalled, self.unsure = [], [], set(), set()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.ends.wait(0.1):
            with self.pause:
                try:
                    self.act()
                except UNHEARD:
                    time.sleep(0.2)

    def act(self):
        what, name = self.random.random(), f"{self.member.name}-{self.random.getrandbits(40)}.example"
        if what < 0.6:
            self.shared.append(self.member.share(name))
        elif what < 0.75:
            self.secret.append(self.member.share("own-" + name, "?tlp=amber"))
        elif what < 0.9:
            self.secret.append(self.member.share("red-" + name, "?circle=northern-shield&tlp=red"))
        elif self.shared:
            one = self.random.choice(self.shared)
            self.unsure.add(one)  # a recall that is not answered may have been done
            self.member.ask("POST", f"/api/v1/objects/{one}/recall")
            self.unsure.discard(one)
            self.recalled.add(one)

    def stop(self):
        self.ends.set()
        self.thread.join()

    def wanted(self):
        return set(self.shared) - self.recalled - self.unsure


def put_back(member, folder, gone):
    """The disk is lost, and what the backup holds is all there is. What is `gone` since is never shown."""
    member.stop(signal.SIGKILL)
    shutil.rmtree(str(member.folder) + "-lost", ignore_errors=True)
    shutil.move(member.folder, str(member.folder) + "-lost")
    shutil.move(folder, member.folder)
    member.serve()
    assert not shown(member), "a restored node shows objects before its log caught up"
    with contextlib.suppress(Refused):
        raise AssertionError(f"a restored node that shows nothing says that it is {member.ask('GET', '/readyz')}")
    member.run("log", "catch-up")

    seen = []
    silent = wait_until("the restored node heard its members", lambda: seen.append(shown(member)) or seen[-1] is not None,
                        CAUGHT_UP_SECONDS)
    assert not gone & seen[-1], f"a restored node shows what was recalled since its backup: {gone & seen[-1]}"
    print(f"a restored node showed nothing for {silent:.1f} s, and then nothing recalled")


def shown(member):
    """What a reader is shown; nothing while the node waits for its members."""
    try:
        return member.holds()
    except Refused as refused:
        assert "backup" in str(refused), refused
        return None


def restore_in_traffic(people, members, wires, folder):
    """A backup while people go on, a while later the power goes and the backup is put back, while the others go on.

    What nobody else had heard of is lost with the disk, so the others catch up before; nobody acts at this node then.
    """
    people.member.run("node", "backup", folder)
    time.sleep(1.0)
    for wire in wires:
        wire.heal()
    with people.pause:
        wanted = people.wanted()
        gone = set(people.recalled)
        others = [one for one in members if one is not people.member]
        wait_until("the others heard all of it", lambda: all(
            wanted <= one.holds() and not gone & one.holds() for one in others), CAUGHT_UP_SECONDS)
        put_back(people.member, folder, gone)
        # What it shared outside of the alliance since the backup went with the disk.
        held = people.member.holds()
        people.secret = [one for one in people.secret if one in held]


def storm(members, wires, kills, chance, folder):
    traffic = [Traffic(member, chance.random()) for member in members]
    try:
        for kill in range(kills):
            if kill == kills // 2:
                restore_in_traffic(traffic[0], members, wires, folder)
            for wire in wires:
                (wire.cut if chance.random() < 0.4 else wire.heal)()
            time.sleep(chance.uniform(0.2, 1.0))
            unlucky = chance.choice(members)
            unlucky.stop(signal.SIGKILL)
            unlucky.serve()
    finally:
        for one in traffic:
            one.stop()
    for wire in wires:
        wire.heal()
    return traffic


def check_everything_came(members, traffic):
    wanted = set().union(*(one.wanted() for one in traffic))
    recalled = set().union(*(one.recalled for one in traffic))

    def amiss():
        held = {member.name: member.holds() for member in members}
        return {name: (wanted - ids, recalled & ids) for name, ids in held.items() if wanted - ids or recalled & ids}

    try:
        took = wait_until("everyone has all that was acknowledged, nothing recalled", lambda: not amiss(),
                          CAUGHT_UP_SECONDS)
    except AssertionError:
        owners = {one: people.member.name for people in traffic for one in people.shared}
        for name, (lost, kept) in amiss().items():
            print(f"{name} lacks {[(one, owners[one]) for one in lost]}, still has {[(one, owners[one]) for one in kept]}")
        raise
    for owner, people in zip(members, traffic):
        for member in members:
            leaked = set(people.secret) & member.holds() if member is not owner else set()
            assert not leaked, f"{member.name} has what {owner.name} shared with nobody: {leaked}"
    print(f"{len(wanted)} shares are everywhere, {len(recalled)} recalls too, after {took:.1f} s of good weather")


def check_no_evidence(members):
    for member in members:
        assert member.ask("GET", "/api/v1/log/evidence")["evidence"] == [], member.name


def check_restore(a, others, folder):
    """A backup, shares and recalls after it, and the backup put back."""
    count = test_size("alliance_restored")
    kept = [a.share(f"before-{n}.example") for n in range(6)]
    wait_until("all have it", lambda: all(set(kept) <= one.holds() for one in others))
    a.run("node", "backup", folder)
    later = [a.share(f"after-{n}.example") for n in range(count)]
    gone = kept[:3]
    for one in gone:
        a.run("recall", one)
    wait_until("all know what came after the backup", lambda: all(
        set(later) <= one.holds() and not set(gone) & one.holds() for one in others), CAUGHT_UP_SECONDS)
    put_back(a, folder, set(gone))
    took = wait_until("what was shared after the backup is everywhere, what was recalled nowhere", lambda: all(
        set(later) <= one.holds() and not set(gone) & one.holds() for one in (a, *others)), CAUGHT_UP_SECONDS)
    print(f"restored: {count} shares and 3 recalls after the backup stand, {took:.1f} s after it caught up")
    fresh = a.share("fresh.example")
    wait_until("what it shares comes again", lambda: all(one.has(fresh) for one in others), CAUGHT_UP_SECONDS)


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    world = pathlib.Path(tempfile.mkdtemp(prefix="shieldwall-storm-"))
    seed = int(os.environ.get("SHIELDWALL_STORM_SEED", random.SystemRandom().getrandbits(32)))
    print(f"SHIELDWALL_STORM_SEED={seed}")
    wires, members = [Wire(), Wire()], []
    try:
        for name, wire in (("a", wires[0]), ("b", wires[1])):
            members.append(Member(binary, world, name, announced=wire.port))
            wire.to = members[-1].members_port
        members.append(Member(binary, world, "c", reachable=False))
        for member in members:
            member.serve()
        ally(members[0], members[1:])
        traffic = storm(members, wires, test_size("alliance_kills"), random.Random(seed), world / "copy-of-storm")
        check_everything_came(members, traffic)
        check_no_evidence(members)
        check_restore(members[0], members[1:], world / "copy")
        check_no_evidence(members)
        for member in members:
            member.stop()
    except BaseException:
        for member in members:
            print(f"--- {member.name}\n{member.log()}", file=sys.stderr)
        raise
    finally:
        for member in members:
            if member.process is not None:
                member.process.kill()
        shutil.rmtree(world, ignore_errors=True)


main()
