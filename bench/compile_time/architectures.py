# SPDX-License-Identifier: MIT
"""What each network of the example programs costs to compile: training, inference, files, -O3.

architectures.py SOURCE SCRATCH -- COMPILER FLAGS...

Prints a table of processor seconds and peak memory; each file in examples/architectures/ is compiled once.
"""

import sys
from pathlib import Path

from measure import MB, Measured


def main():
    source, scratch, dashes, *compiler = sys.argv[1:]
    assert dashes == "--", __doc__
    examples = Path(source) / "examples"
    Path(scratch).mkdir(parents=True, exist_ok=True)
    print("| file | compile time, s | memory, MB |\n| --- | --- | --- |")
    for file in sorted((examples / "architectures").glob("*.cpp")):
        run = Measured([*compiler, "-O3", f"-I{examples}", "-c", str(file), "-o", f"{scratch}/architecture.o"])
        if not run.ok:
            sys.exit(run.output)
        print(f"| {file.stem} | {run.seconds:.1f} | {run.memory / MB:.0f} |", flush=True)


if __name__ == "__main__":
    main()
