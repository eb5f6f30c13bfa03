# SPDX-License-Identifier: MIT
# sh layering.sh <include directory>: reads the #include lines of every header and prints those that the
# layering does not allow. Exits with 1 if there are any.
#
#   entry headers, train -> models -> blocks -> compose -> layers -> op -> core
#   loss, optim, init, backend/*, program -> op; io -> core; data -> io; program -> backend/plan, backend/ref
#   freeze -> program, backend/cpu, backend/plan
#
# A part may include itself and what stands to the right of it; entry headers and train may include everything.
# A backend may also include backend/ref: its operations are those of a backend that has no faster ones.
cd "$1" || exit 2
find resnet -name '*.hpp' -o -name '*.cuh' | LC_ALL=C sort | xargs awk '
  # The part of the library that a file belongs to: "core", "backend/cpu", … or "entry".
  function part(path,  p, n) {
    n = split(path, p, "/")
    if (n == 2) return "entry"
    return p[2] == "backend" && n > 3 ? p[2] "/" p[3] : p[2]
  }
  function refuse(why) { printf "include/%s:%d: %s: %s\n", FILENAME, FNR, $0, why; bad = 1 }
  BEGIN {
    rank["layers"] = 1; rank["compose"] = 2; rank["blocks"] = 3; rank["models"] = 4
    split("core op loss optim init io data backend/ref backend/cpu backend/plan backend/cuda layers compose blocks " \
          "models freeze program train entry", names, " ")
    for (i in names) known[names[i]] = 1
  }
  FNR == 1 {
    from = part(FILENAME)
    ++files
    if (!(from in known)) { printf "include/%s: the layering has no place for the folder %s\n", FILENAME, from; bad = 1 }
  }
  /^[ \t]*#[ \t]*include/ {
    ++includes
    if (!match($0, /[<"][^>"]+[>"]/)) { refuse("not a plain #include"); next }
    quote = substr($0, RSTART, 1)
    file = substr($0, RSTART + 1, RLENGTH - 2)
    if (quote != "<") { refuse("write <resnet/...>"); next }

    if (file ~ /^resnet\//) {
      to = part(file)
      if ((getline line < file) < 0) refuse("there is no such header")
      close(file)
      if (to == from || to == "core" || from == "entry" || from == "train") next
      if (from in rank && to in rank && rank[to] < rank[from]) next
      if (from ~ /^backend\// && to == "backend/ref") next
      if (to == "op" && from != "core" && from != "io" && from != "data") next
      if (from == "data" && to == "io") next
      if (from == "freeze" && (to == "program" || to == "backend/cpu" || to == "backend/plan")) next
      if (from == "program" && (to == "backend/plan" || to == "backend/ref")) next
      refuse(from " may not include " to)
    } else if (file == "omp.h") {
      if (FILENAME != "resnet/backend/cpu/parallel.hpp") refuse("only backend/cpu/parallel.hpp includes omp.h")
    } else if (file ~ /^nlohmann\//) {
      if (from != "io") refuse("only io includes nlohmann")
    } else if (file ~ /intrin\.h$|^arm_neon\.h$/) {
      if (FILENAME !~ /^resnet\/backend\/cpu\/simd\//) refuse("only backend/cpu/simd includes intrinsics")
    } else if (file ~ /^cuda|^cublas|^cudnn|^mma\.h$/) {
      if (from != "backend/cuda") refuse("only backend/cuda includes CUDA")
    } else if (file ~ /[.\/]/) {  # the headers of the standard library have neither; POSIX is for files and signals
      if (from != "io" && from != "data" && from != "train" && file != "sys/mman.h") refuse("only standard headers here")
      if (file == "sys/mman.h" && FILENAME != "resnet/backend/cpu/memory.hpp") refuse("only backend/cpu/memory.hpp includes it")
    }
  }
  END {
    if (!files || !includes) { print "no headers were read"; bad = 1 }
    printf "%d headers, %d includes\n", files, includes
    exit bad
  }'
