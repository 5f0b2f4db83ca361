#!/usr/bin/env python3
"""How much better than `heat-offline map --simulate K` an annealing does that asks the simulator itself.

    bench/mapping_regret.py build/release [GEMM ...] [--arch A.yaml] [--candidates K] [--steps N] [--seed S] [--limit PERCENT]

From the best mappings that map measured it walks over legal mappings of any tiles, orders and splits: what simba-sim
refuses is no step. Prints for each GEMM (M,K,N) the EDP of map's choice and of the best that was met, and the regret;
exits with 1 where one is above the limit.
"""
import argparse
import copy
import json
import math
import os
import random
import subprocess
import sys
import tempfile

GEMMS = ["97,101,103", "1,768,384", "280,768,384", "100,70,33"]
DIMS = "bmnk"


def simulate(simulator, arch, schedule, folder):
    """EDP in J s; None where the schedule is not legal."""
    path, result = os.path.join(folder, "s.json"), os.path.join(folder, "r.json")
    with open(path, "w") as file:
        json.dump(schedule, file)
    run = subprocess.run([simulator, "--arch", arch, "--schedule", path, "--data", "off", "--json", result],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if run.returncode == 2:
        return None
    if run.returncode:
        sys.exit(f"{simulator}: {run.stderr}")
    with open(result) as file:
        return json.load(file)["edp_js"]


def changed(rng, schedule):
    """A neighbour: one or two choices of the mapping are others."""
    new = copy.deepcopy(schedule)
    group = new["plan"]["groups"][0]
    node = group["nodes"][0]
    mapping = node["mapping"]
    for _ in range(rng.choice([1, 1, 2, 3])):
        kind = rng.choice(["gb_tile", "pe_tile", "pe_tile", "spatial", "gb_order", "wave_order", "pinned"])
        if kind in ("gb_order", "wave_order"):
            rng.shuffle(mapping[kind])
        elif kind == "pinned":
            group["pinned"] = rng.choice([[], ["weight"], ["input"]])
        else:
            dim = rng.choice(DIMS)
            value = mapping[kind][dim]
            factor = rng.choice([0.5, 2, 1.5, 2 / 3, 1 + 1 / max(1, value), 1 - 1 / max(1, value), 1.1, 0.9])
            mapping[kind][dim] = max(1, round(value * factor))
    extents = dict(zip(DIMS, extents_of(new)))
    for dim in DIMS:
        mapping["gb_tile"][dim] = min(mapping["gb_tile"][dim], extents[dim])
        mapping["pe_tile"][dim] = min(mapping["pe_tile"][dim], mapping["gb_tile"][dim])
    return new


def extents_of(schedule):
    """Of a chiplet's step."""
    group = schedule["plan"]["groups"][0]
    bound = group["nodes"][0]["bound"]
    extents = schedule["workload"]["nodes"][0]["gemm"]["extents"]
    return [min(extents[d], group["step"]) if d == bound else extents[d] for d in DIMS]


def anneal(rng, arguments, start, edp, folder):
    simulator = os.path.join(arguments.build, "bin", "simba-sim")
    state, value, best = start, edp, edp
    seen = {}
    for step in range(arguments.steps):
        heat = 0.05 * (1 - step / arguments.steps)
        other = changed(rng, state)
        key = json.dumps(other["plan"]["groups"][0], sort_keys=True)
        if key not in seen:
            seen[key] = simulate(simulator, arguments.arch, other, folder)
        found = seen[key]
        if found is None or (found > value and rng.random() >= math.exp((value - found) / value / max(heat, 1e-9))):
            continue
        state, value = other, found
        best = min(best, value)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("gemms", nargs="*", default=GEMMS)
    parser.add_argument("--arch", default="configs/arch/simba-l.yaml")
    parser.add_argument("--candidates", type=int, default=16)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=1.0)
    arguments = parser.parse_args()
    worst = 0
    print(f"seed {arguments.seed}, {arguments.candidates} candidates, {arguments.steps} steps")
    for gemm in arguments.gemms:
        with tempfile.TemporaryDirectory() as folder:
            result = os.path.join(folder, "map.json")
            subprocess.run([os.path.join(arguments.build, "bin", "heat-offline"), "map", "--arch", arguments.arch, "--gemm", gemm,
                            "--simulate", str(arguments.candidates), "--out", folder, "--json", result], check=True)
            with open(result) as file:
                mapped = json.load(file)
            predicted = min(mapped["simulated"], key=lambda s: s["predicted"]["edp_js"])["measured"]["edp_js"]
            chosen = mapped["measured"]["edp_js"]
            with open(mapped["simulated"][0]["schedule"]) as file:
                start = json.load(file)
            best = anneal(random.Random(arguments.seed), arguments, start, chosen, folder)
            regret = 100 * (chosen / best - 1)
            worst = max(worst, regret)
            print(f"{gemm:12} measured EDP: of the best predicted {predicted:.4g} J s, of map's choice {chosen:.4g}, "
                  f"of the best met {best:.4g}; regret {regret:.1f} %", flush=True)
    return 1 if worst > arguments.limit else 0


if __name__ == "__main__":
    sys.exit(main())
