#!/usr/bin/env python3
"""The 24 factorised rows of HEAT's table 1 beside what `heat-offline schedule` and `simba-sim` make of them.

Of every row: the method at the paper's number of parameters, each matrix with an equal share, by the shapes and ranks
that `schedule` takes without a cost table. EDP in uJ*s; rank correlation (Spearman) and median error over all rows.

usage: bench/paper_rows.py BUILD_DIR [--even-shapes]
"""
import csv
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
ARCH = ROOT / "configs/arch/simba-l.yaml"
MODEL = ROOT / "configs/models/bert-base.json"
OUTSIDE, MATRICES = 24.45, 84.93  # millions of parameters: outside the encoder's matrices, in them


def simulated_edp(programs, folder, method, ratio, options):
    schedule, run = folder / "s.json", folder / "r.json"
    subprocess.run([programs / "heat-offline", "schedule", "--model-config", MODEL, "--arch", ARCH, "--seq-len", "384",
                    "--method", method, "--ratio", str(ratio), "--out", schedule, "--json", folder / "o.json", *options],
                   check=True)
    subprocess.run([programs / "simba-sim", "--schedule", schedule, "--arch", ARCH, "--data", "off", "--json", run],
                   check=True, stdout=subprocess.DEVNULL)
    return 1e6 * json.loads(run.read_text())["edp_js"]


def ranks(values):
    order = sorted(range(len(values)), key=values.__getitem__)
    place = [0] * len(values)
    for rank, index in enumerate(order):
        place[index] = rank
    return place


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    programs, options = pathlib.Path(sys.argv[1]) / "bin", sys.argv[2:]
    with open(ROOT / "bench/paper_rows.csv") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    paper, ours = [], []
    print("| row | method | parameters over dense | paper | simulated | |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            ratio = round((float(row["params"]) - OUTSIDE) / MATRICES, 4)
            edp = simulated_edp(programs, pathlib.Path(folder), row["method"], ratio, options)
            paper.append(float(row["edp"]))
            ours.append(edp)
            print(f"| {row['row']} | {row['method']} | {ratio:.3f} | {paper[-1]:.2f} | {edp:.2f} | "
                  f"{100 * (edp / paper[-1] - 1):+.0f} % |", flush=True)
    spearman = statistics.correlation(ranks(paper), ranks(ours))
    error = statistics.median(abs(y / x - 1) for x, y in zip(paper, ours))
    print(f"\nSpearman {spearman:.3f}, median error {100 * error:.0f} %")


if __name__ == "__main__":
    main()
