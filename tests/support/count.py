#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Count single test cases in Meson's test logs.

usage: count.py TITLE=TESTLOG.json...

A cmocka program counts by its cases, a TAP script by its points, anything else as one. What
crashed or ran out of time has at least one failure, also when all cases before it passed.
Prints the failures and the reasons of skips, then one line: N passed, N failed, N skipped.
"""
import collections
import json
import re
import sys

SKIPPED = "skipped: "  # before the reason, so that cases with one reason are told once

Count = collections.namedtuple("Count", "passed failed skipped notes")

CMOCKA_RUN = re.compile(r"^\[ RUN      \] (\S+)")
CMOCKA_END = re.compile(r"^\[\s+(OK|SKIPPED)\s+\] (\S+)")
TAP_POINT = re.compile(r"^(not ok|ok)\b(.*)")
TAP_OK = re.compile(r"^(ok\b|\d+\.\.\d+$|\[ RUN|\[       OK)")
TAP_PLAN = re.compile(r"^1\.\.(\d+)(?:\s*#\s*skip\S*\s*(.*))?", re.IGNORECASE)
TAP_SKIP = re.compile(r"#\s*skip\S*\s*(.*)", re.IGNORECASE)


def count_cmocka(lines):
    """Cases that were started and neither passed nor skipped have failed."""
    passed, skipped, failed, current = 0, 0, [], None
    for line in lines:
        run, end = CMOCKA_RUN.match(line), CMOCKA_END.match(line)
        if run:
            if current:
                failed.append(current)
            current = run.group(1)
        elif end and end.group(2) == current:
            passed += end.group(1) == "OK"
            skipped += end.group(1) == "SKIPPED"
            current = None
    if current:
        failed.append(current)
    return Count(passed, len(failed), skipped, [f"failed: {name}" for name in failed])


def count_tap(lines):
    passed, failed, skipped, notes, plan = 0, 0, 0, [], None
    for line in lines:
        point, planned = TAP_POINT.match(line), TAP_PLAN.match(line)
        if point:
            skip = TAP_SKIP.search(point.group(2))
            if point.group(1) == "not ok":
                failed += 1
                notes.append(line)
            elif skip:
                skipped += 1
                notes.append(SKIPPED + skip.group(1))
            else:
                passed += 1
        elif planned:
            plan = int(planned.group(1))
            if plan == 0:
                skipped += 1
                notes.append(SKIPPED + (planned.group(2) or ""))
        elif line.startswith("Bail out!"):
            failed += 1
            notes.append(line)
    if plan is not None and passed + failed + skipped < plan:
        missing = plan - passed - failed - skipped
        failed += missing
        notes.append(f"{missing} of the {plan} planned points are missing")
    return Count(passed, failed, skipped, notes)


def count_test(test):
    lines = test.get("stdout", "").splitlines()
    result = test["result"]
    if any(CMOCKA_RUN.match(line) for line in lines):
        count = count_cmocka(lines)
    elif any(TAP_POINT.match(line) or TAP_PLAN.match(line) for line in lines):
        count = count_tap(lines)
    elif result == "SKIP":
        count = Count(0, 0, 1, [SKIPPED + line for line in lines[-1:]])
    else:
        count = Count(int(result in ("OK", "EXPECTEDFAIL")), 0, 0, [])
    fine = result in ("OK", "SKIP", "EXPECTEDFAIL")
    if not fine and count.failed == 0:
        count = count._replace(failed=1, notes=count.notes + [f"ended as {result}"])
    if fine and not any(count[:3]):
        count = count._replace(failed=1, notes=["ran no test case"])
    return count


def tail_of(test):
    lines = (test.get("stdout", "") + test.get("stderr", "")).splitlines()
    return [line for line in lines if line.strip() and not TAP_OK.match(line)][-30:]


def print_notes(notes):
    reasons = collections.Counter(note for note in notes if note.startswith(SKIPPED))
    for note in notes:
        if note not in reasons:
            print(f"    {note}")
    for note, times in reasons.items():
        print(f"    {times} {note}")


def main():
    passed = failed = skipped = 0
    for argument in sys.argv[1:]:
        title, path = argument.split("=", 1)
        try:
            with open(path, encoding="utf-8", errors="replace") as log:
                tests = [json.loads(line) for line in log if line.strip()]
        except OSError as error:
            print(f"\n{title}: no test log ({error.strerror})")
            failed += 1
            continue
        for test in tests:
            count = count_test(test)
            passed, failed = passed + count.passed, failed + count.failed
            skipped += count.skipped
            if count.failed:
                print(f"\nFAILED  {test['name']}  ({title}; {test['result']})")
                print_notes(count.notes)
                for line in tail_of(test):
                    print(f"    | {line}")
            elif count.skipped:
                print(f"\nskipped in  {test['name']}  ({title})")
                print_notes(count.notes or [f"{count.skipped} {SKIPPED}see its output"])
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
