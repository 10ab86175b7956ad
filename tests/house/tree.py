# SPDX-License-Identifier: Apache-2.0
"""What the house tests share: the files of the tree, and points printed as TAP."""
import functools
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@functools.lru_cache(maxsize=None)
def files():
    """Paths of all files that are, or could be, committed; relative to the root, sorted."""
    command = ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True).stdout
        names = [name.decode() for name in listed.split(b"\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = []
        for folder, folders, here in os.walk(ROOT):
            if folder == ROOT:
                folders[:] = [f for f in folders if f != ".git" and not f.startswith("build")]
            folders[:] = [f for f in folders if f != "__pycache__"]
            names += [os.path.relpath(os.path.join(folder, name), ROOT) for name in here]
    return sorted(name for name in set(names) if os.path.isfile(os.path.join(ROOT, name)))


def read(name):
    with open(os.path.join(ROOT, name), "rb") as file:
        return file.read()


def is_text(name):
    return b"\0" not in read(name)[:8192]


def lines(name):
    return read(name).decode("utf-8", "replace").split("\n")


class Points:
    """One TAP point per rule; findings are printed as comments above a point that fails."""

    def __init__(self):
        self.number = 0
        self.failed = 0

    def check(self, title, findings):
        self.number += 1
        for finding in findings:
            print(f"# {finding}")
        self.failed += bool(findings)
        print(f"{'not ok' if findings else 'ok'} {self.number} - {title}")

    def skip(self, title, reason):
        self.number += 1
        print(f"ok {self.number} - {title} # SKIP {reason}")

    def done(self):
        print(f"1..{self.number}")
        sys.exit(1 if self.failed else 0)
