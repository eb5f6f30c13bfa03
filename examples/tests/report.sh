# SPDX-License-Identifier: MIT
# The pages of report say what the runs' files say, and damaged files are errors.
command -v python3 >/dev/null || exit 77
. "$(dirname "$0")/common.sh"
report() { "$programs/report" "$@"; }
check() { python3 "$(dirname "$0")/check_page.py" "$@" || fail "$1"; }

"$programs/test_report" >test.log || fail "$(cat test.log)"  # writes runs/

# One run. Wilson's interval of 8 in 10 is 0.4902 to 0.9433. Image 2 has the logits 0, 5 × 9 / 255 and 5, and
# exp(5) / (exp(0) + exp(0.1765) + exp(5)) = 0.9854.
[ "$(report "runs/one <i>/")" = "runs/one <i>/report.html" ] || fail "the page's name"
check "runs/one <i>/report.html" "ResNet-18 on a <data> set Run one <i>" "Test accuracy 80.00 % 8 of 10 images" \
  "49.02 to 94.33 %" "Epochs 2 Time 2 min 5 s" "Parameters 11.2 M 11,173,962" "Peak memory 812 MB" \
  "training 50.00 % validation 43.75 %" "epoch 1 training: 25.00 % validation: 31.25 %" "epoch 1 training: 2.2500" \
  "cat <b>dog</b> & \"co\" frog cat 5 2 <b>dog</b> & \"co\" 3 frog 0" "cat 71.4 % 7" \
  "cat taken for <b>dog</b> & \"co\" 2" "frog 98.54 % is cat , 0.66 % image 2" "2 filters of 2 × 2 weights" \
  "epoch 2 324 images/s" "conv1 64 × 32 × 32 1,728 1,769,472" "total 11,173,962 555,422,720" \
  "milestones 60, 120" "note <script>alert(1)</script>"

# A run that goes on, and what is missing.
report runs/unfinished >log
check runs/unfinished/report.html "Run unfinished This run has not come to its end" "Latest validation accuracy 43.75 %" \
  "training 50.00 % validation 43.75 %" "lr 0.1"
mkdir only_results
cp runs/two/results.json only_results
report only_results -o page.html >log
check page.html "Test accuracy 90.00 %" "There are no curves" "There is no configuration"
sed 's/"finished": true/"finished": false/' runs/two/results.json >only_results/results.json
report only_results >log
check only_results/report.html "This run was ended early, after 2 epochs."

# Several runs: 80 and 90 % of two seeds.
[ "$(report "runs/one <i>" runs/two runs/other runs/unfinished)" = comparison.html ] || fail "the page's name"
check comparison.html "4 runs compared Settings that differ: lr." "lr 0.1 85.00 ± 7.07 % 2 of 3" "lr 0.025 100.00 % 1" \
  "one <i> 0.1 1 80.00 %" "two 0.1 2 90.00 %" "other 0.025 1 100.00 %" "unfinished 0.1 3 not finished – 2 2 min 2 s –" \
  "Run unfinished has not come to its end" "Held-out accuracy lr 0.1 43.75 % lr 0.025 43.75 %"
cp -r runs/two other
report runs/two other runs/other >log
check comparison.html "two 0.1 2 90.00 %" "runs/other 0.025 1 100.00 %" "other 0.1 2 90.00 %"

# Errors.
expect_error 2 "folders is required" report
expect_error 1 "nowhere: expected the folder of a run, found nothing" report nowhere
expect_error 1 "page.html: expected the folder of a run, found a file" report page.html
mkdir empty
expect_error 1 "empty: expected config.toml, log.csv or results.json, as train writes them, found none" report empty
damage() { sed "$1" runs/two/results.json >only_results/results.json; }
head -c 300 runs/two/results.json >only_results/results.json
expect_error 1 "only_results/results.json: byte 301: expected more JSON, found the end" report only_results
damage 's/"seed": 2,/"seed" 2,/'
expect_error 1 "results.json: byte [0-9]*: expected JSON, found a syntax error" report only_results
damage '/"macs"/s/macs/mac/'
expect_error 1 'results.json: expected a key "macs", found none' report only_results
damage 's/"predicted":2/"predicted":3/'
expect_error 1 'most_wrong\[0\]: predicted: expected a whole number from 0 to 2, found 3' report only_results
damage 's/"images":10/"images":11/'
expect_error 1 'test: images: expected 10, the sum of the confusion matrix, found 11' report only_results
damage 's/\[5,1,0\]/[5,1]/'
expect_error 1 'confusion\[0\]: expected 3 values, found 2' report only_results
damage 's/"kernel":2/"kernel":3/'
expect_error 1 'first_layer: weights: expected 54 values, found 24' report only_results
damage 's/"png":"iVBOR/"png":"\\"><b>/'
expect_error 1 'most_wrong\[0\]: png: expected base64' report only_results
damage 's/"epochs": 2/"epochs": "two"/'
expect_error 1 'epochs: expected a whole number from 0 to [0-9]*, found "two"' report only_results
mkdir log_only
sed '3s/0.4375/much/' runs/two/log.csv >log_only/log.csv
expect_error 1 'log_only/log.csv: line 3: accuracy: expected a number, found "much"' report log_only
sed '2s/,800,x//' runs/two/log.csv >log_only/log.csv
expect_error 1 'log_only/log.csv: line 2: expected 12 fields, found 10' report log_only
sed '1s/lr/learning_rate/' runs/two/log.csv >log_only/log.csv
expect_error 1 'log_only/log.csv: line 2: expected a column "lr", found none' report log_only
expect_error 1 'nowhere/page.html' report runs/two -o nowhere/page.html
