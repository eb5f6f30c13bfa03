# SPDX-License-Identifier: MIT
# Read by demo.sh and test.sh (". prerequisites.sh"): installs what they need on Debian and Ubuntu.

say() { printf '\n== %s\n' "$*"; }

# is_installed <word>: <command>, or <package> where a library is meant.
is_installed() {
  case $1 in
    g++ | clang++ | cmake | ninja | git) command -v "$1" >/dev/null 2>&1 ;;
    python3-venv) python3 -c 'import ensurepip, venv' >/dev/null 2>&1 ;;
    *) dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed' ;;
  esac
}

package_of() {
  case $1 in
    ninja) echo ninja-build ;;
    clang++) echo clang ;;
    *) echo "$1" ;;
  esac
}

# need <words>...: installs with apt-get what is missing. It never ends the script: what can't be installed
# may still be found or fetched by CMake.
need() {
  packages=
  if ! command -v apt-get >/dev/null 2>&1; then
    for word in "$@"; do packages="$packages $(package_of "$word")"; done
    say "This is neither Debian nor Ubuntu: these Debian packages' counterparts are needed:$packages"
    return 0
  fi
  for word in "$@"; do is_installed "$word" || packages="$packages $(package_of "$word")"; done
  [ -n "$packages" ] || return 0

  sudo=
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
      say "Missing packages, and neither root nor sudo to install them. Have an administrator run:
   apt-get install$packages"
      return 0
    fi
    sudo="sudo env DEBIAN_FRONTEND=noninteractive"
  fi
  say "Installing$packages"
  export DEBIAN_FRONTEND=noninteractive
  $sudo apt-get update -qq || say "apt-get update failed; going on with the lists that are here"
  # shellcheck disable=SC2086  # a list of words
  $sudo apt-get install -y -qq --no-install-recommends $packages >/dev/null && return 0
  say "Installing all at once failed; trying one by one"
  for package in $packages; do
    $sudo apt-get install -y -qq --no-install-recommends "$package" >/dev/null || say "Could not install $package"
  done
}

# The number of compilers to run at once: one per processor, and 1.5 GB of free memory for each.
job_count() {
  processors=$(nproc 2>/dev/null || echo 1)
  kilobytes=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo 2>/dev/null)
  by_memory=$((${kilobytes:-1500000} / 1500000))
  [ "$by_memory" -ge 1 ] || by_memory=1
  [ "$by_memory" -lt "$processors" ] && echo "$by_memory" || echo "$processors"
}

libraries="nlohmann-json3-dev libcli11-dev libfmt-dev libpng-dev libturbojpeg0-dev"
tools="git ca-certificates g++ cmake ninja"
