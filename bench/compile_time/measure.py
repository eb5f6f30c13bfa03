# SPDX-License-Identifier: MIT
"""What the library costs to compile, against its budgets.

measure.py [--time-factor F] [--runs N] [--library ARCHIVE] SOURCE SCRATCH -- COMPILER FLAGS...

Times are processor seconds of the compiler, so that other programs on the machine matter little. What misses
its budget is measured again, up to N times in all, and the best counts. Prints a table; exits with 1 if a
budget is missed.
"""

import argparse
import math
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
    """Rows of two columns, header-only and against resnet::compiled, each with its budget or none."""

    def __init__(self, time_factor):
        self.time_factor = time_factor
        self.rows = []
        self.missed = False

    def cell(self, budget, measured, unit, is_time):
        if measured is None:
            return ""
        number = f"{measured:.2f}" if isinstance(measured, float) else f"{measured}"
        text = f"{number} {unit}".strip()
        if budget is None:
            return text
        limit = budget * self.time_factor if is_time else budget
        good = measured <= limit
        self.missed |= not good
        verdict = "" if measured <= budget else f", ok here, where the limit is {limit:g}" if good else ", MISSED"
        return f"{text} of {budget:g}{verdict}"

    def add(self, what, unit, budget, measured, compiled_budget=None, compiled=None, is_time=False):
        cells = self.cell(budget, measured, unit, is_time), self.cell(compiled_budget, compiled, unit, is_time)
        self.rows.append((what, *cells))

    def print(self):
        rows = [("what", "header-only", "resnet::compiled")] + self.rows
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        rows.insert(1, tuple("-" * width for width in widths))
        for row in rows:
            print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--time-factor", type=float, default=1.0, help="stretch the time budgets")
    parser.add_argument("--runs", type=int, default=3, help="how often a time that misses its budget is measured")
    parser.add_argument("--library", type=Path, help="the archive of resnet::compiled; without it only the first column is measured")
    parser.add_argument("source", type=Path, help="the library's folder")
    parser.add_argument("scratch", type=Path, help="a folder for what is compiled")
    parser.add_argument("compiler", nargs="+", help="the compiler and its flags, after --")
    options = parser.parse_args()
    options.scratch.mkdir(parents=True, exist_ok=True)
    here = Path(__file__).parent
    table = Table(options.time_factor)

    def compile(source, name, budget, flags):
        """Compiles a file or some text to <scratch>/<name>.o, again while it takes longer than the budget."""
        if not isinstance(source, Path):
            text, source = source, options.scratch / f"{name}.cpp"
            source.write_text(text)
        object_file = options.scratch / f"{name}.o"
        command = [*options.compiler, *flags, "-O3", "-c", str(source), "-o", str(object_file)]
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

    def both(source, name, budget, compiled_budget):
        run = compile(source, name, budget, [])
        if not options.library:
            return run, None
        return run, compile(source, name + "_compiled", compiled_budget, ["-DRESNET_COMPILED"])

    def add_time(what, source, name, budget, compiled_budget):
        runs = both(source, name, budget, compiled_budget)
        table.add(what, "s", budget, runs[0].seconds, compiled_budget, runs[1] and runs[1].seconds, is_time=True)
        return runs

    def stripped(run, *libraries):
        """Megabytes of the program."""
        if run is None:
            return None
        program = run.object.with_suffix("")
        subprocess.run([*options.compiler, str(run.object), *libraries, "-o", str(program), "-pthread"], check=True)
        subprocess.run(["strip", str(program)], check=True)
        return program.stat().st_size / MB

    add_time("include an entry header", "#include <resnet/resnet18.hpp>\n", "entry", 2.5, 2.5)
    train = add_time("compile the training of ResNet-18, -O3", here / "train.cpp", "train", 15, 5)
    table.add("peak memory of that", "MB", 1000, train[0].memory / MB, 1000, train[1] and train[1].memory / MB)
    table.add("stripped program", "MB", 2, stripped(train[0]), 2, stripped(train[1], str(options.library)))

    symbols = subprocess.run(["nm", "--format=posix", str(train[0].object)], check=True, capture_output=True, text=True)
    # Without suffixes such as ".isra.0": they are the compiler's.
    longest = max((line.split()[0].split(".")[0] for line in symbols.stdout.splitlines()), key=len)
    table.add("longest symbol", "characters", 400, len(longest))

    wrong = options.source / "tests/compile_fail/conv2d_channels.cpp"
    message = Measured([*options.compiler, "-fsyntax-only", "-DWRONG", str(wrong)])
    table.add("message of a channel mismatch", "lines", 15, len(message.output.splitlines()))

    def training_of(header, model):
        return (here / "train.cpp").read_text().replace("resnet18", header).replace("ResNet18", model)

    def deeper(flags):
        """ResNet-101's time over ResNet-50's, which has the same blocks: measured again while it misses its budget."""
        best = [math.inf, math.inf]
        for _ in range(options.runs):
            for i, n in enumerate((50, 101)):
                run = compile(training_of(f"resnet{n}", f"ResNet{n}"), f"resnet{n}", math.inf, flags)
                best[i] = min(best[i], run.seconds)
            if best[1] <= 1.2 * best[0]:
                break
        return best[1] / best[0]

    table.add("ResNet-101 against ResNet-50", "x", 1.2, deeper([]), 1.2, options.library and deeper(["-DRESNET_COMPILED"]))
    # Their blocks are all of different types.
    for header, model in (("densenet121", "DenseNet121"), ("efficientnet_b0", "EfficientNetB0")):
        runs = add_time(f"compile the training of {model}, -O3", training_of(header, model), header, 40, 12)
        table.add("stripped program", "MB", None, stripped(runs[0]), None, stripped(runs[1], str(options.library)))

    table.print()
    if len(longest) > 400:
        print("longest symbol:", longest)
    sys.exit(table.missed)


if __name__ == "__main__":
    main()
