#!/usr/bin/env python3
"""Runs dram-sim on every recorded run of a reference folder and prints the table of docs/dram.md.

usage: bench/dram_table.py REFERENCE_DIR [BUILD_DIR]     (REFERENCE_DIR holds dram/results.csv and dram/traces/)
Exits with 1 when a run misses a criterion: a and c within 1 % of one simulator in cycles, b and e inside the three's spread
widened by 2 %, ACT inside the spread widened by 2 %, mean read latency of paced runs within 10 % of one.
"""
import collections
import csv
import json
import os
import subprocess
import sys
import tempfile

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
reference = os.path.join(sys.argv[1], "dram")
build = sys.argv[2] if len(sys.argv) > 2 else os.path.join(root, "build/release")
runs = collections.OrderedDict()
for row in csv.DictReader(open(os.path.join(reference, "results.csv"))):
    runs.setdefault((row["std"], row["map"], row["pace"], row["trace"]), {})[row["simulator"]] = row

names = ["DRAMsim3", "Ramulator2.1", "DRAMSys5.0"]
print("| run | cycles: ours | DRAMsim3 | Ramulator 2.1 | DRAMSys 5.0 | nearest | ACT: ours | the three | "
      "read latency: ours | the three | M requests per CPU s |")
print("|---|---|---|---|---|---|---|---|---|---|---|")
missed = []
for (std, mapping, pace, trace), rows in runs.items():
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "o.json")
        command = [os.path.join(build, "bin/dram-sim"), "--config",
                   os.path.join(root, f"configs/dram/reference/{std}-{mapping}.yaml"),
                   "--trace", os.path.join(reference, "traces", trace + ".tr.zst"), "--pace", pace, "--json", out]
        if pace != "0":
            command += ["--limit", "100000"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        ours = json.load(open(out))
    cycles, act, latency = ours["total_cycles"], ours["commands"]["act"], ours["read_latency_mean_cycles"]
    all_cycles = [int(r["cycles"]) for r in rows.values()]
    all_act = [int(r["act"]) for r in rows.values()]
    all_latency = [float(r["avg_read_latency"]) for r in rows.values()]
    nearest = min(all_cycles, key=lambda c: abs(c - cycles))
    deviation = 100 * (cycles / nearest - 1)
    name = f"{std} {mapping} {trace[0]}, pace {pace}"
    inside = lambda x, of: min(of) * 0.98 <= x <= max(of) * 1.02
    if not (abs(deviation) <= 1 if trace[0] in "ac" else inside(cycles, all_cycles)):
        missed.append(name + " cycles")
    if not inside(act, all_act):
        missed.append(name + " ACT")
    if pace != "0" and min(abs(latency / x - 1) for x in all_latency) > 0.1:
        missed.append(name + " latency")
    figures = [int(rows[n]["cycles"]) if n in rows else 0 for n in names]
    print(f"| {name} | {cycles:,} | " + " | ".join(f"{c:,}" for c in figures) + f" | {deviation:+.2f} % | {act:,} | "
          f"{min(all_act):,} to {max(all_act):,} | {latency:.1f} | {min(all_latency):.1f} to {max(all_latency):.1f} | "
          f"{ours['requests'] / max(ours['cpu_s'], 1e-9) * 1e-6:.1f} |")
for name in missed:
    print("MISSED: " + name)
sys.exit(1 if missed else 0)
