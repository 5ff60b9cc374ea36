#!/usr/bin/env python3
"""A node replaces the key of its certificate while its members go on: nobody is refused, nobody waits.

usage: tls_rollover_test.py SHIELDWALL SOURCE_DIR
"""
import hashlib
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile

from alliance_nodes import Member, ally, wait_until


def shown_by(member, guest):
    """SHA-256 of the certificate that the node shows at its members' door to somebody with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(guest / "tls/member.pem", guest / "tls/member.key")
    with socket.create_connection(("127.0.0.1", member.members_port), timeout=20) as line:
        with context.wrap_socket(line) as channel:
            return hashlib.sha256(channel.getpeercert(binary_form=True)).hexdigest()


def certificate_of(member):
    text = (member.folder / "tls/member.pem").read_text()
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text)).hexdigest()


def check_traffic(members, word):
    """Each shares something, and it comes to the others."""
    shares = [one.share(f"{word}-{one.name}.example") for one in members]
    for one in members:
        wait_until(f"{one.name} has what was shared {word}", lambda one=one: set(shares) <= one.holds())


def roll_over(member, others):
    before = certificate_of(member)
    assert shown_by(member, others[0].folder) == before
    member.run("alliance", "keys", "--tls", "--overlap-days", "2")
    assert shown_by(member, others[0].folder) == before, "the new key is shown before anybody knows it"
    check_traffic([member, *others], "announced")
    member.run("alliance", "keys", "--tls", status=4)  # one at a time
    member.run("alliance", "keys", "--tls", "--end-overlap")
    after = certificate_of(member)
    assert after != before and shown_by(member, others[0].folder) == after, "the new key is not shown"
    assert member.run("alliance", "list")["tls_shown"] is True
    check_traffic([member, *others], "shown")
    member.stop(signal.SIGKILL)  # and it goes on with the new one after the power went
    member.serve()
    assert shown_by(member, others[0].folder) == after
    assert "tls_overlap_until" in member.run("alliance", "list")
    member.run("alliance", "keys", "--tls", "--end-overlap")
    check_traffic([member, *others], "alone")
    assert "tls_overlap_until" not in member.run("alliance", "list")
    member.run("alliance", "keys", "--tls", "--end-overlap", status=4)  # there is nothing to go on with


def main():
    binary, world, members = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(tempfile.mkdtemp()), []
    try:
        members = [Member(binary, world, "a"), Member(binary, world, "b"), Member(binary, world, "c", reachable=False)]
        for member in members:
            member.serve()
        ally(members[0], members[1:])
        roll_over(members[1], [members[0], members[2]])  # a founder countersigns its pins
        old = members[2].folder / "tls/member.pem"
        kept = old.read_text()
        members[2].run("alliance", "keys", "--tls")      # one that only calls
        members[2].run("alliance", "keys", "--tls", "--end-overlap")
        assert old.read_text() != kept
        check_traffic(members, "called")
        assert "cannot be reached" not in members[1].log(), members[1].log()
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
    print("a TLS key was replaced while everybody went on")


main()
