# SPDX-License-Identifier: MIT
# Every option of every program refuses what is no value of its type, and says its name; nothing is written. The options
# are those of --help: a new one is tested without a change here.
. "$(dirname "$0")/common.sh"

# refused <option> <program> <argument>...: status 2, a line that names the option, no file, no hang.
refused() {
  option=$1
  shift
  found=0
  timeout 20 "$@" >../out 2>../err || found=$?
  [ "$found" -eq 2 ] || fail "expected exit status 2, found $found: $*: $(cat ../out ../err)"
  grep -q -e "^error: .*${option#-}" ../err || fail "expected a line that names $option: $*: $(cat ../err)"
  [ -z "$(ls -A)" ] || fail "wrote $(ls -A): $*"
  tried=$((tried + 1))
}

# bad <type>: a value in each line.
bad() {
  case $1 in
    FLOAT) printf '%s\n' nan -nan inf -inf 1e999 1e-999 0x10 0,5 1.5x true '' ' ' ;;
    INT) printf '%s\n' nan inf 1e9 1.5 2147483648 -2147483649 99999999999999999999 010x 0x10 true '' ' 1' ;;
    UINT) printf '%s\n' nan -1 -0 1.5 18446744073709551616 1e3 true '' ;;
    *) printf '%s\n' '' "$(printf 'a\tb')" ;;
  esac
}

mkdir work && cd work
for program in train evaluate classify experiments networks report training_loop a_layer_of_your_own frozen_inference; do
  [ -x "$programs/$program" ] || continue
  "$programs/$program" --help >../help
  tried=0
  # What a program needs besides the options: texts that come to nothing, as a wrong option ends it first.
  case $program in
    evaluate) needed=some.safetensors ;;
    classify) needed="some.safetensors some.png" ;;
    experiments) needed=$0 ;;
    report) needed=some ;;
    *) needed= ;;
  esac
  sed -n 's/^  \(-[a-z],\)\{0,1\}\(--[a-z-]*\) \(FLOAT\|INT\|UINT\|TEXT\).*/\2 \3/p' ../help >../options
  grep -c . ../options >/dev/null || [ "$program" = classify ] || fail "$program: no options in $(cat ../help)"
  while read -r name type; do
    bad "$type" >../values
    while IFS= read -r value; do
      # shellcheck disable=SC2086  # a list of words
      refused "$name" "$programs/$program" $needed "$name" "$value"
    done <../values
    # shellcheck disable=SC2086
    refused "$name" "$programs/$program" $needed "$name"  # no value at all
  done <../options
  sed -n 's/^  \(--[a-z-]*\)\(  .*\)\{0,1\}$/\1/p' ../help >../flags
  while read -r name; do
    for value in maybe 5 yes -1; do
      # shellcheck disable=SC2086
      refused "$name" "$programs/$program" $needed "$name=$value"
    done
  done <../flags
  echo "$program: $tried values refused"
done >../tried
# The most that they say.
[ "$(sed -n 's/^train: \([0-9]*\) .*/\1/p' ../tried)" -gt 400 ] || fail "expected 400 values for train: $(cat ../tried)"

# Empty and strange texts among the arguments without a name.
refused weights "$programs/evaluate" ''
refused images "$programs/classify" some.safetensors ''
refused folders "$programs/report" ''
refused configs "$programs/experiments" ''
refused milestones "$programs/train" --milestones 60,,120
refused milestones "$programs/train" --milestones ,
refused milestones "$programs/train" --milestones 60,0
refused freeze "$programs/train" --freeze conv1,
refused seeds "$programs/experiments" "$0" --seeds 1,-2
refused epochs "$programs/train" --epochs 3 --epochs 4
refused epochs "$programs/train" --epochs 16777217
refused threads "$programs/train" --threads 100000
refused threads "$programs/evaluate" some.safetensors --threads 1025
refused rand-augment "$programs/train" --rand-augment 2000000000
refused nothing "$programs/train" --nothing 1

# The same in a configuration file: config <text> <part of the message>.
config() {
  printf '%b\n' "$1" >../wrong.toml
  refused "$2" "$programs/train" --config ../wrong.toml
}
config 'lr = nan' lr
config 'lr = 1e999' lr
config 'seed = -1' seed
config 'epochs = 1e9' epochs
config 'epochs =' 'line 1: expected a number, true, false, or a text in quotes'
config 'epochs = 1 2' 'line 1: expected nothing after the value of "epochs"'
config 'epochs = "2' 'line 1: expected a quote at the end of the text'
config 'epochs = [2, 3]' epochs
config 'lr = 0.1\n\nepochs = 2\nlr = 0.2' 'line 4: expected each option once, found "lr" again'
config 'momentun = 0.5' momentun
config 'nonsense' 'line 1: expected = after "nonsense"'
config 'x' 'line 1: expected = after "x"'
config '[section]\nlr = 0.1' 'line 1: expected option = value, found "\[section\]"'
config 'milestones = [60, 120' 'line 1: expected a comma or ] in the list'
config 'milestones = [60 120]' 'line 1: expected a comma or ]'
config 'milestones = []' 'line 1: expected a number'
config 'nesterov = maybe' nesterov
config 'nesterov = 5' nesterov
config 'fine-tune = ""' fine-tune
config 'fine-tune = "a' 'a quote at the end'
config 'run-dir = "elsewhere"' run-dir
refused config "$programs/train" --config nowhere.toml
refused config "$programs/train" --config .
refused config "$programs/train" --config ''
mkfifo ../pipe
refused config "$programs/train" --config ../pipe

# What a configuration says is what is run, quotes and all.
cd ..
mkdir 'a "b" # \c'
train --epochs 1 --run-dir first >first.log
cp first/weights.safetensors 'a "b" # \c/weights'
train --epochs 1 --fine-tune 'a "b" # \c/weights' --run-dir one >one.log
train --config one/config.toml --run-dir two >two.log
cmp one/config.toml two/config.toml && cmp one/weights.safetensors two/weights.safetensors || fail "config.toml says something else"
printf 'lr=0.025 # comment\n# comment\n\n\tmilestones = [ 1,2 ]\r\nmodel = resnet18_narrow\nnesterov = false' >good.toml
train --epochs 1 --config good.toml --run-dir good >good.log
grep -q '^milestones = \[1, 2\]$' good/config.toml && grep -q '^lr = 0.025$' good/config.toml || fail "$(cat good/config.toml)"

# Options that are valid and don't fit together.
expect_error 1 "drop-last leaves no batch: expected at least --batch-size 16 training images, found 6" train --validation 90 --drop-last
expect_error 1 "warmup-epochs: expected less than --epochs, which is 2, found 1e+300" train --epochs 2 --warmup-epochs 1e300
expect_error 1 "expected different seeds, found 1 twice" "$programs/experiments" good.toml --seeds 1,2,1
expect_error 1 "expected different names of configurations, found good twice" "$programs/experiments" good.toml one/../good.toml
[ ! -e run ] && [ ! -e experiments ] || fail "wrote a run"

# Alphas so small that both numbers of the beta distribution vanish: mixing goes on, and Ctrl-C is heard.
timeout 60 "$programs/train" --model resnet18_narrow --train-images 96 --test-images 40 --batch-size 16 --epochs 1 \
  --cutmix 1e-320 --mixup 1e-320 --run-dir mixed >mixed.log || fail "alpha 1e-320: $(cat mixed.log)"
train --epochs 1 --drop-last --validation 10 --run-dir dropped >dropped.log
[ "$(tail -1 dropped/log.csv | cut -d, -f2)" = 5 ] || fail "--drop-last takes the last batch: $(cat dropped/log.csv)"
OMP_NUM_THREADS=100000 timeout 60 "$programs/train" --model resnet18_narrow --train-images 2 --test-images 2 --epochs 1 \
  --run-dir threads >threads.log 2>&1 || fail "100000 threads of the environment: $(cat threads.log)"
