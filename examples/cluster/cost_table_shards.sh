#!/bin/sh
# A cost table in N parts with any scheduler. LAUNCH starts one command line and waits for its end: "srun -n1", "qrsh",
# "bsub -K", "ssh node7"; here nothing, so that the parts run on this machine. Run again after any kill, it goes on.
# Usage: cost_table_shards.sh N OUT [options of heat-offline cost-table]
set -eu
parts=$1 out=$2
shift 2
heat=${HEAT_OFFLINE:-heat-offline}
waiting=
part=1
while [ "$part" -le "$parts" ]; do
  ${LAUNCH:-} "$heat" cost-table "$@" --out "$out" --resume --jobs threads:1 --shard "$part/$parts" >/dev/null &
  waiting="$waiting $!"
  part=$((part + 1))
done
for process in $waiting; do wait "$process"; done
"$heat" merge --out "$out"
