# SPDX-License-Identifier: MIT
# What is wrong with options and files is said in a line, and the exit status is 2 for options and 1 otherwise.
. "$(dirname "$0")/common.sh"

expect_error 2 "--optimizer" train --optimizer adagrad
expect_error 2 "--epochs" train --epochs 0
expect_error 2 "weights is required" "$programs/evaluate"
expect_error 1 "nowhere/data_batch_1.bin" train --data cifar10 --data-dir nowhere
expect_error 1 "needs --data-dir" train --data cifar100
expect_error 2 "--model" "$programs/train" --model resnet17
expect_error 1 "validation split: expected a size from 0 to 96, found 97" train --validation 97
expect_error 1 "leaves no image" train --validation 96
expect_error 1 "patience needs --validation" train --patience 3
expect_error 1 "dropout: this network has no such layer" train --dropout 0.5
expect_error 1 "freeze: expected the beginning of a parameter's name" train --freeze layer9
expect_error 2 "magnitude" train --magnitude 31
echo "momentun = 0.5" >wrong.toml
expect_error 2 "momentun" train --config wrong.toml
expect_error 1 "warmup-epochs" train --epochs 2 --warmup-epochs 2
touch file
expect_error 1 "file" train --run-dir file/folder
[ ! -e run ] || fail "a run that could not begin wrote a checkpoint"

train --epochs 1 --run-dir run >train.log
head -c 100000 run/last.safetensors >cut.safetensors
mkdir cut && cp cut.safetensors cut/last.safetensors
expect_error 1 "cut/last.safetensors: byte 100000: expected" train --epochs 1 --run-dir cut --resume
expect_error 1 "cut.safetensors: byte 100000: expected" "$programs/evaluate" cut.safetensors
expect_error 1 "cut.safetensors: byte 100000: expected" "$programs/classify" cut.safetensors image.png
expect_error 1 "head" train --fine-tune run/weights.safetensors --new-layers head --run-dir tuned
tune="train --epochs 1 --fine-tune run/weights.safetensors --new-layers fc --freeze conv1,layer1"
$tune --run-dir tuned >tuned.log
$tune --frozen-statistics move --run-dir moved >moved.log
! cmp -s tuned/weights.safetensors moved/weights.safetensors || fail "--frozen-statistics changes nothing"
mkdir weights && cp run/weights.safetensors weights/last.safetensors
expect_error 1 "expected a training checkpoint" train --epochs 1 --run-dir weights --resume
expect_error 1 "nothing.safetensors: cannot open" "$programs/evaluate" nothing.safetensors
expect_error 1 "image.png: cannot open" "$programs/classify" run/weights.safetensors image.png
echo "not an image" >text.png
expect_error 1 "text.png: expected a PNG or JPEG file" "$programs/classify" run/weights.safetensors text.png
samples=$(dirname "$0")/../../tests/fuzz/corpus/picture
expect_error 1 "bit_flipped.jpg: damaged JPEG: " "$programs/classify" run/weights.safetensors "$samples/bit_flipped.jpg"
expect_error 1 "wrong_checksum.png: damaged PNG: " "$programs/classify" run/weights.safetensors "$samples/wrong_checksum.png"
expect_error 1 "huge.png: expected a picture of at most 40000000 pixels, found 1000000 × 1000000" \
  "$programs/classify" run/weights.safetensors "$samples/huge.png"
