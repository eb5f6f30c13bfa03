# SPDX-License-Identifier: MIT
# The log of train, the table of evaluate and the classes of classify agree with each other.
. "$(dirname "$0")/common.sh"

train --epochs 2 --validation 16 --optimizer adamw --schedule step --step-epochs 1 --run-dir run >train.log
[ "$(head -1 run/log.csv)" = "epoch,step,lr,train_loss,train_accuracy,held_out,loss,accuracy,images_per_second,seconds,memory_mb" ] ||
  fail "the header: $(head -1 run/log.csv)"
awk -F, 'NR > 1 && (NF != 11 || $1 != NR - 1 || $2 != 5 * $1 || $6 != "validation" || !($4 > 0) || $8 < 0 || $8 > 1 ||
  !($9 > 0)) { exit 1 } END { if (NR != 3) exit 1 }' run/log.csv || fail "the log: $(cat run/log.csv)"
[ "$(cut -d, -f3 run/log.csv | tr '\n' ' ')" = "lr 0.001 0.0002 " ] || fail "the learning rate: $(cat run/log.csv)"

# evaluate: the same accuracy as train has found, and a confusion matrix of all images.
"$programs/evaluate" run/best.safetensors --test-images 40 --export-images images --export-count 40 >best.log
correct=$(sed -n 's/.*accuracy .* (\([0-9]*\) of 40 images).*/\1/p' best.log)
grep -q "($correct of 40 images)" train.log || fail "train and evaluate disagree: $(cat train.log best.log)"
awk '$1 ~ /^[0-9]+$/ && NF == 15 { images += $3; diagonal += $(6 + $1); for (i = 6; i <= 15; ++i) all += $i }
  END { print images, all, diagonal }' best.log >sums
[ "$(cat sums)" = "40 40 $correct" ] || fail "the table's sums are $(cat sums): $(cat best.log)"
"$programs/evaluate" run/weights.safetensors --test-images 40 | tail -n +2 >weights.log
"$programs/evaluate" run/last.safetensors --test-images 40 --batch-size 7 | tail -n +2 | cmp weights.log

# With mirror images too.
train --epochs 2 --flip-test --run-dir flipped >flipped.log
"$programs/evaluate" flipped/weights.safetensors --flip --test-images 40 >flip.log
grep -q "($(sed -n 's/.*accuracy .* (\([0-9]* of 40 images\)).*/\1/p' flip.log))" flipped.log ||
  fail "train and evaluate disagree: $(cat flipped.log flip.log)"

# classify: right for as many of the exported images as evaluate says.
"$programs/classify" run/best.safetensors images/*.png >classes
right=$(awk '/^images/ { name = $1; sub(/.*_/, "", name); sub(/\.png/, "", name); first = 1; next }
  { n += first && $3 == name; first = 0 } END { print n + 0 }' classes)
[ "$right" = "$correct" ] || fail "classify finds $right images, evaluate $correct"
awk '/^images/ { if (rows && rows != 5) exit 1; rows = 0; last = 101; sum = 0; next }
  { ++rows; sum += $1; if ($1 > last || sum > 100.1 || $2 != "%") exit 1; last = $1 }' classes ||
  fail "five classes, the most probable first: $(cat classes)"

# A JPEG that is no square (48×20, grey).
base64 -d "$(dirname "$0")/picture.jpg.base64" >picture.jpg
[ "$("$programs/classify" run/weights.safetensors picture.jpg | grep -c '%')" -eq 5 ] || fail "classify a JPEG"
