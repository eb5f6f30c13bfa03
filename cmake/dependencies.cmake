# SPDX-License-Identifier: MIT
# Other people's libraries: the installed one where there is one, a pinned version from its upstream
# repository otherwise. Only nlohmann_json is needed to use the library; programs and tests call the other functions
# when they need them.
include(FetchContent)

# resnet_fetch_headers(<target> <name> <include folder> <repository> <tag>): a header-only library. Its own
# build is not run; it becomes an imported target, so its warnings are not ours.
function(resnet_fetch_headers target name folder repository tag)
  message(STATUS "${name} is not installed: fetching ${tag} from ${repository}")
  # A SOURCE_SUBDIR without a CMakeLists.txt makes MakeAvailable download and stop there.
  FetchContent_Declare(${name} GIT_REPOSITORY ${repository} GIT_TAG ${tag} SOURCE_SUBDIR headers-only)
  FetchContent_MakeAvailable(${name})
  FetchContent_GetProperties(${name} SOURCE_DIR source)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${target} INTERFACE ${source}/${folder})
  set(${name}_source ${source} PARENT_SCOPE)
endfunction()

function(resnet_need_json)
  if(NOT TARGET nlohmann_json::nlohmann_json)
    find_package(nlohmann_json QUIET)
  endif()
  if(NOT TARGET nlohmann_json::nlohmann_json)
    resnet_fetch_headers(nlohmann_json::nlohmann_json json single_include https://github.com/nlohmann/json.git
      9cca280a4d0ccf0c08f47a99aa71d1b0e52f8d03)  # 3.11.3
  endif()
endfunction()

function(resnet_need_cli11)
  if(NOT TARGET CLI11::CLI11)
    find_package(CLI11 QUIET)
  endif()
  if(NOT TARGET CLI11::CLI11)
    resnet_fetch_headers(CLI11::CLI11 cli11 include https://github.com/CLIUtils/CLI11.git
      291c58789c031208f08f4f261a858b5b7083e8e2)  # 2.3.2
  endif()
endfunction()

function(resnet_need_fmt)
  if(NOT TARGET fmt::fmt)
    find_package(fmt QUIET)
  endif()
  if(NOT TARGET fmt::fmt)
    resnet_fetch_headers(fmt::fmt fmt include https://github.com/fmtlib/fmt.git
      a33701196adfad74917046096bf5a2aa0ab0bb50)  # 9.1.0
    target_compile_definitions(fmt::fmt INTERFACE FMT_HEADER_ONLY=1)
  endif()
endfunction()

# Decoders of what strangers send: those that the system keeps safe, or none. A pinned version would go without its
# security updates.
function(resnet_need_picture_decoders)
  find_package(PNG QUIET)
  find_path(RESNET_TURBOJPEG_INCLUDE turbojpeg.h)
  find_library(RESNET_TURBOJPEG_LIBRARY turbojpeg)
  if(NOT PNG_FOUND OR NOT RESNET_TURBOJPEG_INCLUDE OR NOT RESNET_TURBOJPEG_LIBRARY)
    message(FATAL_ERROR "The example programs read pictures with libpng and libjpeg-turbo: install the packages libpng-dev "
      "and libturbojpeg0-dev (Debian, Ubuntu) or their counterparts, or configure with -DRESNET_BUILD_EXAMPLES=OFF.")
  endif()
  if(NOT TARGET resnet::picture_decoders)
    add_library(resnet::picture_decoders INTERFACE IMPORTED GLOBAL)
    target_include_directories(resnet::picture_decoders INTERFACE ${PNG_INCLUDE_DIRS} ${RESNET_TURBOJPEG_INCLUDE})
    target_link_libraries(resnet::picture_decoders INTERFACE ${PNG_LIBRARIES} ${RESNET_TURBOJPEG_LIBRARY})
  endif()
endfunction()

# A macro: the caller needs doctest's own function doctest_discover_tests.
macro(resnet_need_doctest)
  find_package(doctest QUIET)
  if(NOT TARGET doctest::doctest)
    resnet_fetch_headers(doctest::doctest doctest . https://github.com/doctest/doctest.git
      ae7a13539fb71f270b87eb2e874fbac80bc8dda2)  # 2.4.11
    include(${doctest_source}/scripts/cmake/doctest.cmake)
  elseif(NOT COMMAND doctest_discover_tests)
    include(${doctest_DIR}/doctest.cmake)
  endif()
endmacro()

function(resnet_need_benchmark)
  if(NOT TARGET benchmark::benchmark)
    find_package(benchmark QUIET)
  endif()
  if(NOT TARGET benchmark::benchmark)
    set(BENCHMARK_ENABLE_TESTING OFF)
    set(BENCHMARK_ENABLE_INSTALL OFF)
    set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)  # the two settings above reach its options
    FetchContent_Declare(benchmark GIT_REPOSITORY https://github.com/google/benchmark.git
      GIT_TAG d572f4777349d43653b21d6c2fc63020ab326db2)  # 1.7.1
    FetchContent_MakeAvailable(benchmark)
  endif()
endfunction()

# The library's include flags, for tests that call a compiler themselves.
function(resnet_include_flags result)
  set(flags -I${PROJECT_SOURCE_DIR}/include)
  get_target_property(folders nlohmann_json::nlohmann_json INTERFACE_INCLUDE_DIRECTORIES)
  # -isystem with a folder that is searched anyway breaks the standard library's #include_next.
  list(REMOVE_ITEM folders ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES})
  foreach(folder IN LISTS folders)
    list(APPEND flags -isystem ${folder})  # as two words: nvcc knows no other form
  endforeach()
  set(${result} ${flags} PARENT_SCOPE)
endfunction()
