#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the Wici authors

"""Holds the exported JSON Schemas against messages that the Swift validator has judged.

Usage: agreement.py FOLDER, where FOLDER has <type>.schema.json files and cases.jsonl, one object a
line: type, valid (the Swift verdict), note (its faults) and message. Ends with status 0 when every
verdict is the same, 1 when one differs or a schema is not valid itself, 2 on wrong usage.
"""

import json
import pathlib
import sys

import jsonschema


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    folder = pathlib.Path(sys.argv[1])
    judges = {}
    for path in sorted(folder.glob("*.schema.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        judges[path.name.removesuffix(".schema.json")] = jsonschema.Draft202012Validator(schema)
    count = 0
    differences = 0
    for line in (folder / "cases.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        count += 1
        errors = list(judges[case["type"]].iter_errors(case["message"]))
        if (not errors) == case["valid"]:
            continue
        differences += 1
        if differences <= 10:
            print(f"{case['type']}: ours: {case['note'] or 'valid'}")
            verdict = [f"{error.json_path} {error.message[:200]}" for error in errors] or "valid"
            print(f"  jsonschema: {verdict}")
            print(f"  {json.dumps(case['message'], ensure_ascii=False)[:600]}")
    if count == 0 or not judges or differences:
        print(f"differed on {differences} of {count} messages")
        return 1
    print(f"agreed on {count} messages of {len(judges)} types")
    return 0


if __name__ == "__main__":
    sys.exit(main())
