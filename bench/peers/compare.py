#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs our library and its peers in turn, several rounds, and prints one table of ratios.

A ratio is peer / ours within one round, so above 1 ours is faster (or smaller); the table shows the median and the
range over the rounds. A peer counts with the setting whose median is best. See README.md in this folder.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

LAYERS = (
    *("stem", "64@32", "64-128@32/2", "128@16", "128-256@16/2", "256@8", "256-512@8/2", "512@4"),
    *("1x1:64-128", "1x1:128-256", "1x1:256-512"),
)
# Ours and every peer take turns group by group, so that the machine's changes of mood meet all of them.
GROUPS = (*(f"conv {layer} " for layer in LAYERS), "train 128", "infer 32", "infer 1", "memory train 128")

TRAIN_FLOP = 128 * 3.329e9  # of direct convolution


@dataclass
class Contestant:
    name: str
    command: list
    works: tuple  # prefixes of the groups it takes part in
    against: str = "ours"
    environment: dict = field(default_factory=dict)
    threads: int = 0  # 0: as the command line says

    def missing(self):
        return next((part for part in self.command if not Path(part).exists()), None)


def contestants(build):
    programs = build / "bench/peers"
    python = str(programs / "venv/bin/python")
    program = lambda name: [str(programs / f"peer_{name}")]
    avx2 = {"ONEDNN_MAX_CPU_ISA": "AVX2"}
    return [
        Contestant("ours", program("ours"), ("peak", "conv", "train", "infer", "memory")),
        Contestant("oneDNN", program("onednn"), ("conv",)),
        Contestant("libtorch", program("libtorch"), ("train", "infer", "memory")),
        Contestant("PyTorch", [python, str(HERE / "pytorch.py")], ("train", "infer", "memory")),
        Contestant("ONNX Runtime", [python, str(HERE / "onnx_runtime.py")], ("infer",)),
        Contestant("dlib", program("dlib"), ("train", "memory")),
        Contestant("ours, one thread", program("ours"), ("train",), threads=1),
        Contestant("ours, AVX2", program("ours"), ("conv",), against="", environment={"RESNET_CPU": "avx2"}),
        Contestant("oneDNN, AVX2", program("onednn"), ("conv",), against="ours, AVX2", environment=avx2),
    ]


class Results:
    """values[contestant, work][setting][round]: seconds, bytes or GFLOP/s, whatever the work is measured in."""

    def __init__(self):
        self.values = defaultdict(lambda: defaultdict(dict))
        self.counts, self.records = {}, []

    def add(self, name, round_, record):
        self.records.append({"contestant": name, "round": round_, **record})
        value = next(record[key] for key in ("seconds", "bytes", "gflops") if key in record)
        self.values[name, record["work"]][record["setting"]][round_] = value
        if name == "ours":
            self.counts[record["work"]] = record["count"]

    def best(self, name, work):
        """The setting with the best median, and its values by round."""
        settings = self.values.get((name, work))
        return min(settings.items(), key=lambda item: statistics.median(item[1].values())) if settings else None

    def add_sums(self, names):
        """All convolutions of a network as works of their own, each layer with the setting that is best for it."""
        for title, tail in (("training step, batch 128", "128"), ("forward, batch 32", "32"), ("forward, batch 1", "1")):
            works = {w: n for w, n in self.counts.items() if w.startswith("conv") and w.endswith(f" {tail}") and n}
            if len({work.split()[1] for work in works}) < len(LAYERS):
                continue
            for name in names:
                layers = [(count, self.best(name, work)) for work, count in works.items()]
                if all(best for _, best in layers):
                    rounds = set.intersection(*(set(best[1]) for _, best in layers))
                    sums = {r: sum(count * best[1][r] for count, best in layers) for r in rounds}
                    self.values[name, f"all convolutions, {title}"]["best of each layer"] = sums

    def add_direct_at_peak(self):
        if (peak := self.best("ours", "peak")) and self.best("ours", "train 128"):
            seconds = {r: TRAIN_FLOP / (gflops * 1e9) for r, gflops in peak[1].items()}
            self.values["direct convolution at FMA peak", "train 128"]["computed"] = seconds


def run(contestant, group, threads, timeout):
    """What the program printed, as dictionaries; a failure is shown and leaves a gap."""
    threads = contestant.threads or threads
    environment = {**os.environ, **contestant.environment, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.update({f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "OPENBLAS", "MKL")})
    command = [*contestant.command, "--only", group, "--threads", str(threads)]
    try:
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        print(f"{contestant.name}: {group}: more than {timeout} s", file=sys.stderr)
        return []
    if done.returncode:
        print(f"{contestant.name}: {group}: exit status {done.returncode}", file=sys.stderr)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def number(work, value):
    return f"{value / 1e6:.0f} MB" if work.startswith("memory") else f"{value * 1e3:.4g} ms"


def table(results, entrants):
    yield ("work", "ours", "peer", "peer's best", "its setting", "peer / ours: median (min..max)")
    extra = [Contestant("direct convolution at FMA peak", [], ())]
    works = dict.fromkeys(work for _, work in results.values if work != "peak")
    for work in works:
        for peer in entrants + extra:
            ours, theirs = results.best(peer.against, work), results.best(peer.name, work)
            if peer.name == "ours" or not ours or not theirs:
                continue
            (setting, theirs), ours = theirs, ours[1]
            ratios = [theirs[r] / ours[r] for r in ours if r in theirs]
            if not ratios:
                continue
            name = f"{work} (AVX2)" if "AVX2" in peer.against else work
            mid = lambda values: number(work, statistics.median(values.values()))
            ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}..{max(ratios):.2f})"
            yield (name, mid(ours), peer.name, mid(theirs), setting, ratio)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release", help="build folder (made if missing)")
    parser.add_argument("--no-build", action="store_true", help="run the programs as they are")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="", metavar="PREFIX", help='work, e.g. "infer", "conv 64@32 forward 128"')
    parser.add_argument("--peers", metavar="A;B", help="only these, e.g. 'oneDNN;PyTorch'")
    parser.add_argument("--timeout", type=int, default=1800, help="seconds for one program and one group of work")
    parser.add_argument("--json", type=Path, help="raw numbers (default: results.json in the build folder)")
    options = parser.parse_args()

    build = options.build.resolve()
    if not options.no_build:
        if not (build / "CMakeCache.txt").exists():
            subprocess.run(["cmake", "-S", ROOT, "-B", build, "-DCMAKE_BUILD_TYPE=Release"], check=True)
        subprocess.run(["cmake", "--build", build, "--target", "peers"], check=True)
    # What torch.compile made in the first round serves the others.
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(build / "bench/peers/inductor"))

    wanted = options.peers.split(";") if options.peers else None
    entrants = []
    for contestant in contestants(build):
        ours = contestant.name in ("ours", "ours, AVX2")
        if missing := contestant.missing():
            print(f"absent: {contestant.name} (no {missing})")
        elif ours or wanted is None or contestant.name in wanted:
            entrants.append(contestant)
    if not any(contestant.name == "ours" for contestant in entrants):
        sys.exit("compare.py: nothing to compare with: our own program is not built")
    # Ours for AVX2 is there for one peer.
    entrants = [c for c in entrants if c.against or any(peer.against == c.name for peer in entrants)]
    if os.getloadavg()[0] > 0.5:
        print(f"warning: the machine is busy (load {os.getloadavg()[0]:.1f}): expect wide ranges", file=sys.stderr)

    only = options.only
    groups = ["peak", *(g if g.startswith(only) else only for g in GROUPS if g.startswith(only) or only.startswith(g))]
    results, versions = Results(), {}
    for round_ in range(options.rounds):
        for group in groups:
            order = entrants if round_ % 2 == 0 else entrants[::-1]
            for contestant in (c for c in order if group.startswith(c.works)):
                print(f"round {round_ + 1}/{options.rounds}: {group}: {contestant.name}", file=sys.stderr)
                for record in run(contestant, group, options.threads, options.timeout):
                    if "version" in record:
                        versions[contestant.name] = record["version"]
                    else:
                        results.add(contestant.name, round_, record)
    raw = {"threads": options.threads, "versions": versions, "records": results.records}
    (options.json or build / "bench/peers/results.json").write_text(json.dumps(raw, indent=1))

    results.add_sums([contestant.name for contestant in entrants])
    results.add_direct_at_peak()
    rows = list(table(results, entrants))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    rows.insert(1, tuple("-" * width for width in widths))
    peak = results.best("ours", "peak")
    print(f"\n{options.threads} threads, {options.rounds} rounds; " + "; ".join(f"{n}: {v}" for n, v in versions.items()))
    if peak:
        print(f"FMA peak of the machine: {statistics.median(peak[1].values()):.0f} GFLOP/s")
    for row in rows:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")


if __name__ == "__main__":
    main()
