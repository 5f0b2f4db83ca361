#!/usr/bin/env python3
"""CPU seconds and memory of simba-sim over the length of the sequence and the number of layers (dense BERT-base).

Prints a table and, with a second argument, draws it: seconds over commands, which they are linear in.

usage: bench/simulator_scaling.py BUILD_DIR [OUT.svg]
"""
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
ARCH = ROOT / "configs/arch/simba-l.yaml"
RUNS = [(tokens, 1) for tokens in (128, 256, 512, 1024, 2048, 4096)] + [(128, layers) for layers in (2, 4, 8, 12, 24)]
WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM = 700, 380, 60, 90, 60


def measure(programs, folder, tokens, layers):
    model = json.loads((ROOT / "configs/models/bert-base.json").read_text())
    model.update(num_hidden_layers=layers, max_position_embeddings=max(512, tokens))
    (folder / "model.json").write_text(json.dumps(model))
    schedule, run = folder / "s.json", folder / "r.json"
    subprocess.run([programs / "heat-offline", "schedule", "--model-config", folder / "model.json", "--arch", ARCH,
                    "--seq-len", str(tokens), "--method", "dense", "--out", schedule, "--json", folder / "o.json"],
                   check=True)
    subprocess.run([programs / "simba-sim", "--schedule", schedule, "--arch", ARCH, "--data", "off", "--json", run],
                   check=True, stdout=subprocess.DEVNULL)
    r = json.loads(run.read_text())
    return {"tokens": tokens, "layers": layers, "cycles": r["cycles"], "commands": r["counts"]["controller_command"],
            "dram_mb": (r["dram_read_bytes"] + r["dram_write_bytes"]) / 1e6, "cpu_s": r["cpu_s"],
            "rss_mb": r["peak_rss_bytes"] / 1e6, "deltas": r["kernel_deltas"], "macs": r["macs"]}


def drawing(rows):
    """Both axes logarithmic: what is linear lies along a line of slope 1."""
    import math
    x_of = lambda r: math.log10(r["dram_mb"] / 0.001 + r["commands"])
    xs, ys = [x_of(r) for r in rows], [math.log10(r["cpu_s"]) for r in rows]
    x0, x1, y0, y1 = math.floor(min(xs)), math.ceil(max(xs)), math.floor(min(ys)), math.ceil(max(ys))
    px = lambda v: LEFT + (v - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)
    py = lambda v: HEIGHT - BOTTOM - (v - y0) / (y1 - y0) * (HEIGHT - BOTTOM - 20)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
           'font-size="12"><title>CPU time of simba-sim over its work</title>',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for v in range(x0, x1 + 1):
        out.append(f'<line x1="{px(v):.1f}" y1="{py(y0):.1f}" x2="{px(v):.1f}" y2="{py(y1):.1f}" stroke="#ddd"/>'
                   f'<text x="{px(v):.1f}" y="{py(y0) + 18:.1f}" text-anchor="middle">{10 ** v:,}</text>')
    for v in range(y0, y1 + 1):
        out.append(f'<line x1="{px(x0):.1f}" y1="{py(v):.1f}" x2="{px(x1):.1f}" y2="{py(v):.1f}" stroke="#ddd"/>'
                   f'<text x="{px(x0) - 6:.1f}" y="{py(v) + 4:.1f}" text-anchor="end">{10 ** v:g} s</text>')
    ends = [(v, v + math.log10(8.5e-6)) for v in (math.log10(10 ** y0 / 8.5e-6), x1)]
    out.append('<line stroke="#999" stroke-dasharray="4" ' + " ".join(
        f'x{i}="{px(x):.1f}" y{i}="{py(y):.1f}"' for i, (x, y) in enumerate(ends, 1)) + '/>')
    for r, x, y in zip(rows, xs, ys):
        by_tokens = r["layers"] == 1
        label = f'{r["tokens"]} tokens' if by_tokens else f'{r["layers"]} layers'
        apart = {128: ("end", -8, 4), 256: ("start", 8, 1), 512: ("start", 8, 11)}  # short lengths lie close together
        side, dx, dy = apart.get(r["tokens"], ("start", 8, 9)) if by_tokens else ("end", -7, -4)
        out.append(f'<circle cx="{px(x):.1f}" cy="{py(y):.1f}" r="4" fill="{"#1f77b4" if by_tokens else "#d62728"}"/>'
                   f'<text x="{px(x) + dx:.1f}" y="{py(y) + dy:.1f}" text-anchor="{side}">{label}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    out.append(f'<text x="{middle}" y="{HEIGHT - 22}" text-anchor="middle">commands + kilobytes of DRAM traffic</text>'
               f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle"><tspan fill="#1f77b4">one layer over tokens'
               '</tspan>, <tspan fill="#d62728">128 tokens over layers</tspan>; the line: 8.5 us each</text></svg>')
    return "\n".join(out) + "\n"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    rows = []
    print("| tokens | layers | cycles | commands | DRAM, MB | CPU s | memory, MB | kernel deltas | a million MACs |\n"
          "|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for tokens, layers in RUNS:
            rows.append(measure(pathlib.Path(sys.argv[1]) / "bin", pathlib.Path(folder), tokens, layers))
            r = rows[-1]
            print(f"| {tokens} | {layers} | {r['cycles']:,} | {r['commands']:,} | {r['dram_mb']:.1f} | {r['cpu_s']:.2f} | "
                  f"{r['rss_mb']:.0f} | {r['deltas']:,} | {r['deltas'] / r['macs'] * 1e6:.1f} |", flush=True)
    if len(sys.argv) > 2:
        pathlib.Path(sys.argv[2]).write_text(drawing(rows))


if __name__ == "__main__":
    main()
