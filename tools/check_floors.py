#!/usr/bin/env python3
"""Holds every #include against src/rooms.txt: a room includes rooms on lower floors only.

usage: check_floors.py SOURCE_DIR | --self-test
Also prints, as information, the longest source files.
"""
import pathlib
import re
import sys
import tempfile


def violations(root):
    floors = (root / "src/rooms.txt").read_text().splitlines()
    floor = {room: n for n, rooms in enumerate(floors) for room in rooms.split()}
    bad = []
    for file in sorted((root / "src").glob("*/**/*")):
        if file.suffix not in (".h", ".cpp"):
            continue
        room = file.relative_to(root / "src").parts[0]
        if room not in floor:
            bad.append(f"{file}: room '{room}' is not in src/rooms.txt")
            continue
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
            hit = re.match(r'\s*#\s*include\s*["<]([a-z_]+)/', line)
            if hit and hit[1] in floor and hit[1] != room and floor[hit[1]] >= floor[room]:
                bad.append(f"{file}:{number}: {room} may not include {hit[1]}/ (same floor or above)")
    return bad


def self_test():
    """A tree with one include that goes up must be reported, the same tree without it must not."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "src/low").mkdir(parents=True)
        (root / "src/high").mkdir()
        (root / "src/rooms.txt").write_text("low\nhigh\n")
        (root / "src/high/a.cpp").write_text('#include "low/b.h"\n')
        (root / "src/low/b.h").write_text("")
        if violations(root):
            return "a clean tree was reported"
        (root / "src/low/b.h").write_text('#include "high/a.h"\n')
        if len(violations(root)) != 1:
            return "an upward include was not reported"
    return None


def main():
    if sys.argv[1:] == ["--self-test"]:
        problem = self_test()
        sys.exit(problem)
    root = pathlib.Path(sys.argv[1])
    bad = violations(root)
    print("\n".join(bad))
    sizes = sorted(((len(f.read_text(errors="replace").splitlines()), f.relative_to(root))
                    for f in (root / "src").glob("**/*.cpp") if not f.stem.endswith(("_test", "_bench"))),
                   reverse=True)
    print("longest files:", ", ".join(f"{name} {lines}" for lines, name in sizes[:5]))
    sys.exit(1 if bad else 0)


main()
