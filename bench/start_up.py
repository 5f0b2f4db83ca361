#!/usr/bin/env python3
"""CPU seconds and peak memory of heat-offline's commands up to their help text: what every call pays before it works.
Peaks under some 14 MB are those of the Python process that each command starts as.

usage: bench/start_up.py [BUILD_DIR]     (default: build/release; medians of 5 runs)
Exits with 1 when a command that neither trains nor runs a model takes more than 0.1 CPU seconds.
"""
import os
import statistics
import subprocess
import sys

RUNS = 5
LIMIT_S = 0.1
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
build = sys.argv[1] if len(sys.argv) > 1 else os.path.join(root, "build/release")
program = os.path.join(build, "bin/heat-offline")
needs_libtorch = {"finetune", "evaluate", "supernet", "search", "distill", "run"}


def measure(arguments):
    cpu, memory = [], []
    for _ in range(RUNS):
        child = subprocess.Popen([program] + arguments, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        if status != 0:
            sys.exit(f"heat-offline {' '.join(arguments)}: wait status {status}")
        cpu.append(usage.ru_utime + usage.ru_stime)
        memory.append(usage.ru_maxrss / 1024)
    return statistics.median(cpu), statistics.median(memory)


text = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout
commands = [line.split()[0] for line in text.split("Commands:\n")[1].split("\n\n")[0].splitlines()]
print("| command | CPU s | peak MB |\n|---|---|---|")
slow = []
for arguments in [["--version"]] + [[command, "--help"] for command in commands]:
    cpu_s, peak_mb = measure(arguments)
    print(f"| {' '.join(arguments)} | {cpu_s:.3f} | {peak_mb:.0f} |")
    if arguments[0] not in needs_libtorch and cpu_s > LIMIT_S:
        slow.append(arguments[0])
for command in slow:
    print(f"MISSED: {command} takes more than {LIMIT_S} CPU s")
sys.exit(1 if slow else 0)
