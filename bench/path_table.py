#!/usr/bin/env python3
"""heat-offline path beside cotengrust's optimal and random greedy paths, on networks made here by seed.

usage: bench/path_table.py [BUILD_DIR]     (default: build/release; cotengrust where this Python has it)
Exits with 1 when an exact path costs more than cotengrust's, or when a path of 20 operands takes more than 0.1 CPU seconds
(a CP layer of equal modes excepted: there nearly every subset is worth keeping).
"""
import json
import multiprocessing
import os
import queue
import random
import subprocess
import sys
import tempfile
import time

PEER_LIMIT_S = 20
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
build = sys.argv[1] if len(sys.argv) > 1 else os.path.join(root, "build/release")
try:
    import cotengrust
except ImportError:
    cotengrust = None


def regular(operands, degree, most, seed, hyper=0):
    """A random regular graph as a network: a bond of size 2 to `most` an edge; `hyper` indices in four operands; three open."""
    rng = random.Random(seed)
    while True:
        ends = [k for k in range(operands) for _ in range(degree)]
        rng.shuffle(ends)
        edges = list(zip(ends[::2], ends[1::2]))
        if all(a != b for a, b in edges):
            break
    inputs, sizes, output = [[] for _ in range(operands)], {}, []
    groups = [set(e) for e in edges] + [set(rng.sample(range(operands), 4)) for _ in range(hyper)]
    groups += [{rng.randrange(operands)} for _ in range(3)]
    for number, group in enumerate(groups):
        name = f"i{number}"
        sizes[name] = rng.randint(2, most)
        for k in group:
            inputs[k].append(name)
        if len(group) == 1:
            output.append(name)
    return inputs, output, sizes


def chain(operands, seed):
    rng = random.Random(seed)
    inputs = [[f"i{k}", f"i{k + 1}"] for k in range(operands)]
    return inputs, ["i0", f"i{operands}"], {f"i{k}": rng.randint(2, 60) for k in range(operands + 1)}


def cp(modes):
    """A CP layer: half of the modes are the input's."""
    names = [f"m{k}" for k in range(modes)]
    inputs = [["t"] + names[: modes // 2]] + [[n, "r"] for n in names]
    return inputs, ["t"] + names[modes // 2:], dict({n: 2 for n in names}, t=64, r=32)


def macs_of(path, inputs, output, sizes):
    operands, total = [set(i) for i in inputs], 0
    for i, j in path:
        a, b = operands[i], operands[j]
        operands = [o for k, o in enumerate(operands) if k not in (i, j)]
        cost = 1
        for index in a | b:
            cost *= sizes[index]
        total += cost
        outside = set(output).union(*operands)
        operands.append({index for index in a | b if index in outside})
    return total


def peer(answers, kind, inputs, output, sizes):
    names = {name: chr(192 + k) for k, name in enumerate(sizes)}
    arguments = ([[names[i] for i in x] for x in inputs], [names[i] for i in output],
                 {names[i]: float(s) for i, s in sizes.items()})
    start = time.process_time()
    if kind == "greedy":
        path = cotengrust.optimize_random_greedy_track_flops(*arguments, ntrials=128, seed=1, use_ssa=False)[0]
    else:
        path = cotengrust.optimize_optimal(*arguments, minimize="flops", search_outer=kind == "outer",
                                           simplify=False, use_ssa=False)
    answers.put((path, time.process_time() - start))


def peer_row(kind, network):
    """(MACs, CPU seconds) of cotengrust, or nothing where it is absent or takes too long."""
    if cotengrust is None:
        return None
    answers = multiprocessing.Queue()
    process = multiprocessing.Process(target=peer, args=(answers, kind, *network))
    process.start()
    try:
        path, seconds = answers.get(timeout=PEER_LIMIT_S)
    except queue.Empty:
        process.terminate()
        return None
    process.join()
    return macs_of([sorted(step) for step in path], *network), seconds


def ours(network):
    inputs, output, sizes = network
    equation = ", ".join(" ".join(i) for i in inputs) + " -> " + " ".join(output)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as spec:
        json.dump({"cases": [{"id": "n", "equation": equation, "sizes": sizes}]}, spec)
        spec.flush()
        run = subprocess.run([os.path.join(build, "bin/heat-offline"), "path", "--spec", spec.name],
                             check=True, capture_output=True, text=True)
    return json.loads(run.stdout)["cases"][0]


def shown(row, kind):
    return f"{row[0]:.6g} | {row[1]:.4f}" if row else ("over 20 s | " if cotengrust and kind else " | ")


cases = [(f"chain of {n}", chain(n, 1)) for n in (10, 16, 20)]
cases += [(f"{n}, degree 4, sizes 2 to {m}", regular(n, 4, m, 1)) for n in (10, 16) for m in (3, 9)]
cases += [(f"20, degree {d}, sizes 2 to {m}", regular(20, d, m, 1)) for d in (3, 4, 5, 6) for m in (3, 9)]
cases += [("20, degree 4, 3 hyper-indices", regular(20, 4, 3, 2, hyper=3)), ("CP of 12 modes of 2", cp(12))]
cases += [("chain of 40", chain(40, 1))] + [(f"{n}, degree 3, sizes 2 to 3", regular(n, 3, 3, 1)) for n in (30, 60)]
print("| network | MACs | CPU s | gap | cotengrust optimal | CPU s | with outer products | CPU s | random greedy, 128 | CPU s |")
print("|---|---|---|---|---|---|---|---|---|---|")
failed = []
for name, network in cases:
    result = ours(network)
    assert macs_of(result["path"], *network) == result["macs"], name
    large = not result["exact"]
    peers = {kind: None if large and kind != "greedy" else peer_row(kind, network) for kind in ("connected", "outer", "greedy")}
    gap = f"{result['gap']:.2f}" if large else "exact"
    print(f"| {name} | {result['macs']:.6g} | {result['cpu_s']:.4f} | {gap} | {shown(peers['connected'], not large)} | "
          f"{shown(peers['outer'], not large)} | {shown(peers['greedy'], True)} |", flush=True)
    if not large and any(row and row[0] < result["macs"] for row in peers.values()):
        failed.append(f"{name}: cotengrust found less")
    if not large and "CP" not in name and len(network[0]) == 20 and result["cpu_s"] > 0.1:
        failed.append(f"{name}: {result['cpu_s']:.3f} s")
print("\n".join(failed), file=sys.stderr)
sys.exit(1 if failed else 0)
