# SPDX-License-Identifier: MIT
"""What the library costs to compile, against its budgets.

measure.py [--time-factor F] [--runs N] SOURCE SCRATCH -- COMPILER FLAGS...

Times are processor seconds of the compiler, so that other programs on the machine matter little. What misses
its budget is measured again, up to N times in all, and the best counts. Prints a table; exits with 1 if a
budget is missed.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

MB = 1e6


class Measured:
    """One run of a command: its processor seconds, peak memory in bytes, and what it printed."""

    def __init__(self, command):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            self.output = process.stdout.read()
            # Includes the processes that the compiler driver starts and waits for.
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        self.ok = process.returncode == 0
        self.seconds = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss * 1024


class Table:
    def __init__(self, time_factor):
        self.time_factor = time_factor
        self.rows = []
        self.missed = False

    def add(self, what, budget, measured, unit, is_time=False):
        limit = budget * self.time_factor if is_time else budget
        good = measured <= limit
        self.missed |= not good
        verdict = "MISSED" if not good else "ok" if measured <= budget else f"ok here, where the limit is {limit:g}"
        number = f"{measured:.2f}" if isinstance(measured, float) else f"{measured}"
        self.rows.append((what, f"{budget:g} {unit}".strip(), f"{number} {unit}".strip(), verdict))

    def print(self):
        rows = [("what", "budget", "measured", "verdict")] + self.rows
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        rows.insert(1, tuple("-" * width for width in widths))
        for row in rows:
            print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--time-factor", type=float, default=1.0, help="stretch the time budgets")
    parser.add_argument("--runs", type=int, default=3, help="how often a time that misses its budget is measured")
    parser.add_argument("source", type=Path, help="the library's folder")
    parser.add_argument("scratch", type=Path, help="a folder for what is compiled")
    parser.add_argument("compiler", nargs="+", help="the compiler and its flags, after --")
    options = parser.parse_args()
    options.scratch.mkdir(parents=True, exist_ok=True)
    here = Path(__file__).parent

    def compile(source, name, budget):
        """Compiles a file or some text to <scratch>/<name>.o, again while it takes longer than the budget."""
        if not isinstance(source, Path):
            text, source = source, options.scratch / f"{name}.cpp"
            source.write_text(text)
        object_file = options.scratch / f"{name}.o"
        command = [*options.compiler, "-O3", "-c", str(source), "-o", str(object_file)]
        best = None
        for _ in range(options.runs):
            run = Measured(command)
            if not run.ok:
                sys.exit(f"{' '.join(command)}\n{run.output}")
            if best is None or run.seconds < best.seconds:
                best = run
            if best.seconds <= budget * options.time_factor:
                break
        best.object = object_file
        return best

    table = Table(options.time_factor)

    entry = compile("#include <resnet/resnet18.hpp>\n", "entry", budget=2.5)
    table.add("include an entry header", 2.5, entry.seconds, "s", is_time=True)

    train = compile(here / "train.cpp", "train", budget=15)
    table.add("compile the training of ResNet-18, -O3", 15, train.seconds, "s", is_time=True)
    table.add("peak memory of that", 1000, train.memory / MB, "MB")

    program = options.scratch / "train"
    subprocess.run([*options.compiler, str(train.object), "-o", str(program), "-pthread"], check=True)
    subprocess.run(["strip", str(program)], check=True)
    table.add("stripped training program", 2, program.stat().st_size / MB, "MB")

    symbols = subprocess.run(["nm", "--format=posix", str(train.object)], check=True, capture_output=True, text=True)
    # Without suffixes such as ".isra.0": they are the compiler's.
    longest = max((line.split()[0].split(".")[0] for line in symbols.stdout.splitlines()), key=len)
    table.add("longest symbol", 400, len(longest), "characters")

    wrong = options.source / "tests/compile_fail/conv2d_channels.cpp"
    message = Measured([*options.compiler, "-fsyntax-only", "-DWRONG", str(wrong)])
    table.add("message of a channel mismatch", 15, len(message.output.splitlines()), "lines")

    def training_of(header, model, budget):
        text = (here / "train.cpp").read_text()
        return compile(text.replace("resnet18", header).replace("ResNet18", model), header, budget)

    fifty, hundred = (training_of(f"resnet{n}", f"ResNet{n}", budget=0).seconds for n in (50, 101))
    table.add("ResNet-101 against ResNet-50", 1.2, hundred / fifty, "x")
    # Their blocks are all of different types.
    for header, model in (("densenet121", "DenseNet121"), ("efficientnet_b0", "EfficientNetB0")):
        table.add(f"compile the training of {model}, -O3", 40, training_of(header, model, budget=40).seconds, "s", is_time=True)

    table.print()
    if len(longest) > 400:
        print("longest symbol:", longest)
    sys.exit(table.missed)


if __name__ == "__main__":
    main()
