# SPDX-License-Identifier: Apache-2.0
"""Lines of the Test Anything Protocol."""
import sys


class Tap:
    def __init__(self):
        self.count, self.failed = 0, 0

    def check(self, name, passed, why=()):
        self.count += 1
        self.failed += not passed
        print(f'{"ok" if passed else "not ok"} {self.count} - {name}', flush=True)
        for line in why if not passed else ():
            print(f'# {line}', flush=True)

    def skip(self, name, why):
        self.count += 1
        print(f'ok {self.count} - {name} # SKIP {why}', flush=True)

    def done(self):
        print(f'1..{self.count}')
        sys.exit(1 if self.failed else 0)
