#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the Wici authors
"""Changes an audit export bit by bit and demands that verify.py notices each change.

Usage: flip.py EXPORT CHECKPOINT VERIFIER-KEY COUNT
Flips one bit in each of COUNT bytes, spread over the whole file, one at a time, and then one in each
of as many bytes of the checkpoint. Prints JSON: `flips` and `unnoticed`, the places of changes that
still verified; status 0 when there are none.
"""

import json
import pathlib
import sys
import tempfile

import verify


def unnoticed(messages, export, checkpoint, key, count, target):
    """Places of single changed bits in `target`, export or checkpoint, that verified all the same."""
    data = pathlib.Path(target).read_bytes()
    places = sorted({place * len(data) // count for place in range(count)})
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        changed = pathlib.Path(folder) / "changed"
        for turn, place in enumerate(places):
            copy = bytearray(data)
            copy[place] ^= 1 << turn % 8
            changed.write_bytes(copy)
            files = [changed if each == target else each for each in (export, checkpoint)]
            try:
                verify.verify(messages, *files, key)
                missed.append([str(pathlib.Path(target).name), place, turn % 8])
            except verify.FAULTS:
                pass
    return len(places), missed


def main(arguments):
    if len(arguments) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    export, checkpoint, key, count = arguments[0], arguments[1], arguments[2], int(arguments[3])
    messages = verify.load_messages()
    verify.verify(messages, export, checkpoint, key)
    flips, missed = 0, []
    for target in (export, checkpoint):
        done, found = unnoticed(messages, export, checkpoint, key, count, target)
        flips, missed = flips + done, missed + found
    print(json.dumps({"flips": flips, "unnoticed": missed}))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
