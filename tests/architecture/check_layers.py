#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads every #include of our own and of the owned libraries, and compares them with the table of docs/architecture.md.

Usage: check_layers.py ROOT. Exit 1 and one line per break."""
import pathlib
import re
import sys

BELOW = {
    "core": [],
    "image": ["core"],
    "media": ["core", "image"],
    "project": ["core", "image"],
    "temporal": ["core", "image"],
    "composite": ["core", "image", "temporal"],
    "compliance": ["core", "image", "media", "project"],
    "light": ["core", "image", "temporal"],
    "gaze": ["core", "image", "temporal"],
    "model": ["core", "image", "temporal", "light"],
    "ingest": ["core", "image", "media", "project", "temporal", "composite", "compliance", "light", "gaze", "model"],
    "train": ["core", "image", "media", "project", "temporal", "composite", "compliance", "light", "gaze", "model", "ingest"],
    "passes": ["core", "image", "temporal", "composite", "light", "gaze", "model", "compliance"],
    "pipeline": ["core", "image", "media", "project", "temporal", "composite", "compliance", "light", "gaze", "model", "ingest", "train", "passes"],
    "report": ["core", "image", "project", "temporal"],
    "cli": None,  # everything
}
# Library header prefix -> modules that may include it.
OWNERS = {
    r"libav|libsw": {"media"},
    r"sqlite3\.h": {"project", "cli"},      # cli: the version number in `doctor` only
    r"spdlog/": {"core"},
    r"torch/nn|torch/utils": {"model", "train"},
    r"torch/optim": {"train"},
    r"opencv2/video": {"temporal"},
    r"CLI/": {"cli"},
    r"nettle/": {"core"},
    r"toml\+\+": {"train", "pipeline"},
}
CONSENT_ONLY = {"passes": {"shotfix/compliance/consent.h"}}


def breaks_in(path, module):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = re.match(r'\s*#include\s+[<"]([^>"]+)[>"]', line)
        if not match:
            continue
        name = match.group(1)
        place = f"{path}:{number}: {module} includes {name}"
        own = re.match(r"shotfix/(\w+)/", name)
        if own and own.group(1) != module:
            allowed = BELOW[module]
            if allowed is not None and own.group(1) not in allowed:
                yield f"{place}, which the table does not allow"
            elif own.group(1) == "compliance" and module in CONSENT_ONLY and name not in CONSENT_ONLY[module]:
                yield f"{place}; only {', '.join(CONSENT_ONLY[module])} is allowed"
        private = re.match(r"(\w+)/\w", name)
        if private and private.group(1) in BELOW and private.group(1) != module:
            yield f"{place}, a private header of another module"
        for pattern, owners in OWNERS.items():
            if re.match(pattern, name) and module not in owners:
                yield f"{place}, which belongs to {', '.join(sorted(owners))}"


def main(root):
    problems = []
    seen = 0
    for folder, depth in ((root / "include" / "shotfix", 0), (root / "src", 0)):
        for module in BELOW:
            for path in sorted((folder / module).rglob("*")):
                if path.suffix in (".h", ".cpp", ".cu"):
                    seen += 1
                    problems += breaks_in(path, module)
        for path in folder.iterdir():
            if path.is_dir() and path.name not in BELOW and path.name != "cmake":
                problems.append(f"{path}: a module that the table does not know")
    if seen < 50:
        problems.append(f"only {seen} files were read; is {root} the repository?")
    print("\n".join(problems) or f"{seen} files keep the layers")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
