# SPDX-License-Identifier: MIT
"""What the Python peers share; the counterpart of work.hpp."""

import argparse
import json
import sys
import time


def parse_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", metavar="PREFIX")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def seconds_per_call(call):
    """Median over calls, after two that don't count: at least three, and more while 0.3 seconds have not passed."""
    call(), call()
    times = []
    while len(times) < 3 or sum(times) < 0.3:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return sorted(times)[len(times) // 2]


def report_version(version):
    """To be called first."""
    print(json.dumps({"version": version}), flush=True)


def report(work, setting, **quantity):
    """`quantity` is seconds= or bytes=; more of them only reach the raw numbers."""
    print(json.dumps({"work": work, **quantity, "setting": setting}), flush=True)


def report_seconds(work, setting, prepare):
    """Times what `prepare()` returns. A setting that a version doesn't have is named on stderr and left out."""
    try:
        report(work, setting, seconds=seconds_per_call(prepare()))
    except Exception as error:  # whatever an optional part of a peer throws
        print(f"{work}: {setting}: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr)


def peak_resident_bytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
