#!/usr/bin/env python3
"""heat-offline decompose beside TensorLy, row by row and side by side: error, CPU seconds, memory.

    python3 -m venv VENV && VENV/bin/pip install tensorly numpy
    VENV/bin/python bench/decompose_rows.py build/release REFERENCE_DIR [cp|tucker|ttm ...]

REFERENCE_DIR has TensorLy's rows (cp.json, tucker.json, ttm.json). The matrices are made by their formula. Both run on one
thread, our program and TensorLy in turn, CP once, the others RUNS times; the least of each counts. Exits with 1 where a row's error is above
TensorLy's best by more than 1e-6, its time above a fifth of TensorLy's, or its memory above 200 MB."""
import json
import math
import os
import subprocess
import sys
import tempfile
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402  (after the number of threads)
from tensorly.decomposition import parafac, tensor_train_matrix, tucker  # noqa: E402

RUNS = 3
SLACK, SPEED, MEMORY_MB = 1e-6, 5, 200
SIZES = {"W_a": (768, 768, 1), "W_b": (768, 3072, 2), "W_c": (384, 1536, 3)}


def formula(m, n, seed, terms=192):
    """A sum of DCT-II and DST-II products with values (k+1)^-0.6, and noise of an LCG."""
    i, j, w = np.arange(m), np.arange(n), np.zeros((m, n))
    for k in range(terms):
        p, q = 1 + (101 * k) % (m - 1), 1 + (211 * k) % (n - 1)
        u = math.sqrt(2 / m) * np.cos(math.pi * (((2 * i + 1) * p) % (4 * m)) / (2 * m))
        v = math.sqrt(2 / n) * np.sin(math.pi * (((2 * j + 1) * q) % (4 * n)) / (2 * n))
        w += (k + 1.0) ** -0.6 * np.outer(u, v)
    noise, x = np.empty(m * n), seed
    for t in range(m * n):
        x = (x * 6364136223846793005 + 1442695040888963407) & ((1 << 64) - 1)
        noise[t] = (x >> 11) * 2.0 ** -53
    return w + 0.5 * math.sqrt(12 / (m * n)) * (noise.reshape(m, n) - 0.5)


def thin_svd(matrix, n_eigenvecs=None, **_):
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    return u[:, :n_eigenvecs], s[:n_eigenvecs], v[:n_eigenvecs]


def tensorly_run(method, tensor, row):
    """CPU seconds and relative error."""
    rank = row.get("rank_request", row["rank"])
    begin = time.process_time()
    if method == "cp":
        start = {"init": "random"} if row["init"] == "random" else {"init": "svd", "svd": thin_svd}
        result = parafac(tensor, rank, n_iter_max=100, tol=1e-6, random_state=1234, **start)
    elif method == "tucker":
        result = tucker(tensor, rank, n_iter_max=100, tol=1e-6, init="svd")
    else:
        result = tensor_train_matrix(tensor, rank)
    seconds = time.process_time() - begin
    return seconds, np.linalg.norm(tensor - result.to_tensor()) / np.linalg.norm(tensor)


def our_run(program, method, path, row):
    """CPU seconds of the decomposition, relative error, and what its peak memory in MB is at most: that of this script, from which
    it is forked, counts too."""
    rows, cols, _ = SIZES[row["matrix"]]
    shape, half = [str(d) for d in row["shape"]], len(row["shape"]) // 2
    text = "x".join(shape) if method != "ttm" else "x".join(shape[:half]) + "," + "x".join(shape[half:])
    rank = row.get("rank_request", row["rank"])
    rank = row["rank"] if isinstance(rank, float) else rank
    rank = ",".join(map(str, rank)) if isinstance(rank, list) else str(rank)
    command = [program, "decompose", "--matrix", path, "--rows", str(rows), "--cols", str(cols), "--method", method,
               "--shape", text, "--rank", rank, "--threads", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)}: status {status}")
    result = json.loads(output)
    return result["cpu_s"], result["relative_error"], usage.ru_maxrss / 1024, f"{row['matrix']} {text} {rank}"


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program = os.path.join(sys.argv[1], "bin", "heat-offline")
    misses = 0
    print("| row | error | over TensorLy's | CPU s | TensorLy | times | MB |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        matrices = {}
        for method in sys.argv[3:] or ["cp", "tucker", "ttm"]:
            with open(os.path.join(sys.argv[2], method + ".json"), encoding="utf-8") as file:
                rows = json.load(file)
            groups = {}
            for row in rows:  # one group for the starts of one case
                groups.setdefault((row["matrix"], str(row["shape"]), str(row["rank"])), []).append(row)
            for group in groups.values():
                name = group[0]["matrix"]
                path = os.path.join(folder, name)
                if name not in matrices:
                    formula(*SIZES[name]).astype("<f4").tofile(path)
                    matrices[name] = np.fromfile(path, "<f4").astype(float)
                tensor = matrices[name].reshape(group[0]["shape"])
                theirs, ours = [], []
                for _ in range(1 if method == "cp" else RUNS):
                    ours.append(our_run(program, method, path, group[0]))
                    theirs += [tensorly_run(method, tensor, row) for row in group]
                seconds, error = min(o[0] for o in ours), ours[0][1]
                peer_seconds, peer_error = min(t[0] for t in theirs), min(t[1] for t in theirs)
                memory = max(o[2] for o in ours)
                missed = error > peer_error + SLACK or SPEED * seconds > peer_seconds or memory > MEMORY_MB
                misses += missed
                print(f"| {method} {ours[0][3]} | {error:.6f} | {error - peer_error:+.1e} | {seconds:.4f} | "
                      f"{peer_seconds:.3f} | {peer_seconds / seconds:.1f} | {memory:.0f} |{' MISSED' if missed else ''}",
                      flush=True)
    sys.exit(1 if misses else 0)


if __name__ == "__main__":
    main()
