#!/bin/sh
# SPDX-License-Identifier: MIT
# The download script against servers that are files: complete, cut off, damaged, missing.
# usage: sh test_download.sh SOURCE SCRATCH
set -eu
script=$1/cmake/download_cifar10.sh
scratch=$2
rm -rf "$scratch"
mkdir -p "$scratch/made/cifar-10-batches-bin"
cd "$scratch"

command -v curl >/dev/null || { # wget knows no file:// addresses
  echo "skipped: this test needs curl"
  exit 77
}

check() {
  what=$1
  shift
  "$@" || {
    echo "FAILED: $what"
    cat log
    exit 1
  }
}
# run STATUS: runs the script on ./data, which must end with this status
run() {
  status=0
  sh "$script" data 2>log || status=$?
  check "expected exit status $1, found $status" [ "$status" -eq "$1" ]
}
says() { check "expected the message: $1" grep -q "$1" log; }
delivered() {
  for name in data_batch_1 data_batch_2 data_batch_3 data_batch_4 data_batch_5 test_batch; do
    check "data/$name.bin" cmp "made/cifar-10-batches-bin/$name.bin" "data/cifar-10-batches-bin/$name.bin"
  done
  check "nothing else is left" [ "$(ls -A data)" = cifar-10-batches-bin ]
}

# An archive of the right form: a few bytes of its own in each file, then zeros.
for name in data_batch_1 data_batch_2 data_batch_3 data_batch_4 data_batch_5 test_batch; do
  printf '\001%s' $name >made/cifar-10-batches-bin/$name.bin
  dd if=/dev/zero of=made/cifar-10-batches-bin/$name.bin bs=1 count=0 seek=30730000 2>/dev/null
done
tar -cf - -C made cifar-10-batches-bin | gzip -1 >whole.tar.gz
CIFAR10_MD5=$(md5sum <whole.tar.gz | cut -d ' ' -f 1)
whole=file://$scratch/whole.tar.gz
export CIFAR10_MD5 CIFAR10_MIRRORS

CIFAR10_MIRRORS="file://$scratch/missing $whole"
run 0
says "data/cifar-10-batches-bin is complete"
delivered

CIFAR10_MIRRORS=file://$scratch/missing
run 0 # nothing is asked for what is there already
says "is there already"

rm data/cifar-10-batches-bin/test_batch.bin
run 1
says "is this machine offline"
says "put cifar-10-binary.tar.gz (MD5 $CIFAR10_MD5) into data"
CIFAR10_MIRRORS=$whole
run 0 # an incomplete folder is replaced
delivered

# A beginning is kept when there is no server, and continued: what comes is the rest, not the whole.
rm -r data && mkdir data
head -c 100000 whole.tar.gz >data/cifar-10-binary.tar.gz.part
CIFAR10_MIRRORS=file://$scratch/missing
run 1
check "the beginning was kept" [ "$(wc -c <data/cifar-10-binary.tar.gz.part)" -eq 100000 ]
{
  head -c 100000 /dev/zero
  tail -c +100001 whole.tar.gz
} >rest_only.tar.gz # right only behind the part that we have
CIFAR10_MIRRORS=file://$scratch/rest_only.tar.gz
run 0
delivered

# Damage: a wrong archive is refused and dropped, a wrong beginning is replaced.
rm -r data
CIFAR10_MIRRORS=file://$scratch/rest_only.tar.gz
run 1
says "expected an archive with MD5 $CIFAR10_MD5, found [0-9a-f]"
check "no data from a wrong archive" [ -z "$(ls -A data)" ]
CIFAR10_MIRRORS="file://$scratch/rest_only.tar.gz $whole"
run 0
delivered
for length in 1000 10000000; do # shorter and longer than the archive
  rm -r data && mkdir data
  head -c $length /dev/zero >data/cifar-10-binary.tar.gz.part
  CIFAR10_MIRRORS=$whole
  run 0
  delivered
done

# An archive that the user has put there is used without a server.
rm -r data && mkdir data && cp whole.tar.gz data/cifar-10-binary.tar.gz
CIFAR10_MIRRORS=file://$scratch/missing
run 0
delivered

status=0
sh "$script" 2>log || status=$?
check "wrong usage has exit status 2, found $status" [ "$status" -eq 2 ]
cd / && rm -rf "$scratch"
echo "passed"
