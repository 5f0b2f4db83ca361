#!/usr/bin/env python3
"""The 24 factorised rows of HEAT's table 1 beside what `heat-offline schedule` and `simba-sim` make of them.

Of every row: the method at the paper's number of parameters, each matrix with an equal share. Shapes by one of two rules,
the same for all rows of a method:

  plain   those that `schedule` takes without a cost table
  s-star  the paper's level 1: of each size the shape of lowest error on the method's Pareto front (`cost-table` with the
          most even shapes and TensorLy's ranks, `schedule --table-rule s-star`). Errors are measured on MATRICES, a folder
          with the weights of a trained model of BERT-base's size (768x768.bin, 3072x768.bin, 768x3072.bin: float32,
          row-major), else on `cost-table`'s synthetic ones.

EDP in uJ*s; rank correlation (Spearman) and median error over all rows.

usage: bench/paper_rows.py BUILD_DIR [--even-shapes]
       bench/paper_rows.py BUILD_DIR --s-star TABLES [MATRICES] [-- option of cost-table ...]

TABLES keeps the cost tables, which a second run goes on with.
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
SIZES = ("768x768", "3072x768", "768x3072")


def ratio_of(row):
    return round((float(row["params"]) - OUTSIDE) / MATRICES, 4)


def make_table(programs, folder, method, ratios, matrices, options):
    """A method's cost table at the ratios of its rows; the options of `schedule` that take s* from it."""
    table = folder / method
    weights = [f"--matrix={size}={matrices / size}.bin" for size in SIZES] if matrices else []
    resume = ["--resume"] if (table / "cost_table.sqlite").exists() else []
    subprocess.run([programs / "heat-offline", "cost-table", "--model-config", MODEL, "--arch", ARCH, "--seq-len", "384",
                    "--methods", method, "--rank-rule", "tensorly", "--top-k", "1", "--paths", "1", "--ratios",
                    ",".join(str(r) for r in sorted(set(ratios))), "--out", table, "--json", folder / f"{method}.json",
                    *weights, *resume, *options], check=True)
    return ["--cost-table", table / "cost_table.sqlite", "--table-rule", "s-star", "--keep-factorised"]


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


def schedule_options(programs, rows, arguments):
    """Of every method, what `schedule` is told about shapes."""
    methods = {row["method"] for row in rows}
    if arguments[:1] != ["--s-star"]:
        return {method: arguments for method in methods}
    at = arguments.index("--") if "--" in arguments else len(arguments)
    places, options = [pathlib.Path(a) for a in arguments[1:at]], arguments[at + 1:]
    if len(places) not in (1, 2):
        sys.exit(__doc__)
    places[0].mkdir(parents=True, exist_ok=True)
    return {method: make_table(programs, places[0], method, [ratio_of(r) for r in rows if r["method"] == method],
                               places[1] if len(places) == 2 else None, options)
            for method in sorted(methods)}


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    programs = pathlib.Path(sys.argv[1]) / "bin"
    with open(ROOT / "bench/paper_rows.csv") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    options = schedule_options(programs, rows, sys.argv[2:])
    paper, ours, by_method = [], [], {}
    print("| row | method | parameters over dense | paper | simulated | |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            method, ratio = row["method"], ratio_of(row)
            edp = simulated_edp(programs, pathlib.Path(folder), method, ratio, options[method])
            paper.append(float(row["edp"]))
            ours.append(edp)
            by_method.setdefault(method, []).append(edp / paper[-1] - 1)
            print(f"| {row['row']} | {method} | {ratio:.3f} | {paper[-1]:.2f} | {edp:.2f} | "
                  f"{100 * by_method[method][-1]:+.0f} % |", flush=True)
    spearman = statistics.correlation(ranks(paper), ranks(ours))
    error = statistics.median(abs(y / x - 1) for x, y in zip(paper, ours))
    print(f"\nSpearman {spearman:.3f}, median error {100 * error:.0f} %; of " +
          ", ".join(f"{m} {100 * statistics.median(map(abs, e)):.0f} %" for m, e in by_method.items()))


if __name__ == "__main__":
    main()
