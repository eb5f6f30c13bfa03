# SPDX-License-Identifier: MIT
# Every file in examples/configs/ names a network that there is, and trains one.
configs=$(cd "$(dirname "$0")/../configs" && pwd)
. "$(dirname "$0")/common.sh"

[ -f "$configs/quick.toml" ] || fail "no configurations in $configs"
find "$configs" -name '*.toml' | sort >files
while read -r file; do
  model=$(sed -n 's/^model = "\(.*\)"$/\1/p' "$file")
  "$programs/networks" "$model" | grep -q "\`$model\`" || fail "$file: no network \"$model\""
  train --config "$file" --data synthetic --validation 16 --epochs 1 --warmup-epochs 0 --run-dir run >log || fail "$file: $(cat log)"
  rm -r run
done <files
