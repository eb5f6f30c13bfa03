# SPDX-License-Identifier: MIT
# resnet::compiled: the headers of resnet::resnet, with the bodies of the CPU's operations compiled once for each
# instruction set that the architecture's processors may have. The best that the processor has is chosen when a program
# starts to compute; the environment variable RESNET_CPU forces one.
#
# An object for AVX-512 must not give the program its copies of functions that others have too (std::fill_n…): the linker
# takes any one of them. So all of its names but the table's become local, which takes GNU's binutils: without them there are
# kernels for any processor only.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(RESNET_GNU_LD ${CMAKE_LINKER})
  set(RESNET_GNU_OBJCOPY ${CMAKE_OBJCOPY})
else()  # with clang CMake takes LLVM's
  find_program(RESNET_GNU_LD ld.bfd)
  find_program(RESNET_GNU_OBJCOPY objcopy)
endif()
set(RESNET_KERNEL_OPTIONS -O3 CACHE STRING "How kernels of resnet::compiled are optimized, in every configuration")

add_library(resnet_compiled STATIC ${PROJECT_SOURCE_DIR}/cmake/compiled/choose.cpp
  ${PROJECT_SOURCE_DIR}/cmake/compiled/once.cpp)
add_library(resnet::compiled ALIAS resnet_compiled)
set_target_properties(resnet_compiled PROPERTIES EXPORT_NAME compiled POSITION_INDEPENDENT_CODE ON)
if(NOT PROJECT_IS_TOP_LEVEL)
  set_target_properties(resnet_compiled PROPERTIES EXCLUDE_FROM_ALL ON)  # a minute for who doesn't use it
endif()
target_link_libraries(resnet_compiled PUBLIC resnet)
target_compile_definitions(resnet_compiled PUBLIC RESNET_COMPILED)

# resnet_add_kernels(<namespace of core/fwd.hpp> <compiler's flags>...)
function(resnet_add_kernels isa)
  set(table resnet_cpu_kernels_${isa})
  add_library(${table} OBJECT EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/cmake/compiled/kernels.cpp)
  target_link_libraries(${table} PRIVATE resnet)
  target_compile_definitions(resnet_compiled PRIVATE RESNET_HAS_${isa})
  target_compile_definitions(${table} PRIVATE RESNET_TABLE=${table} RESNET_ALLOW_SLOW_BUILD)
  target_compile_options(${table} PRIVATE ${RESNET_KERNEL_OPTIONS} -fno-lto ${ARGN})
  set_target_properties(${table} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  if(NOT RESNET_GNU_LD OR NOT RESNET_GNU_OBJCOPY)
    target_sources(resnet_compiled PRIVATE $<TARGET_OBJECTS:${table}>)
    return()
  endif()
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${table}.o)
  add_custom_command(OUTPUT ${object} DEPENDS ${table} $<TARGET_OBJECTS:${table}> VERBATIM
    COMMAND ${RESNET_GNU_LD} -r --force-group-allocation $<TARGET_OBJECTS:${table}> -o ${object}
    COMMAND ${RESNET_GNU_OBJCOPY} --keep-global-symbol=${table} ${object}
    COMMENT "Making names of ${table} local")
  target_sources(resnet_compiled PRIVATE ${object})
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  if(RESNET_GNU_LD AND RESNET_GNU_OBJCOPY)
    resnet_add_kernels(avx512 -march=x86-64-v4)
    resnet_add_kernels(avx2 -march=x86-64-v3)
  else()
    message(STATUS "resnet::compiled: no GNU ld and objcopy, so it has kernels for any x86-64 only")
  endif()
  resnet_add_kernels(baseline -march=x86-64)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  resnet_add_kernels(neon)
else()
  resnet_add_kernels(baseline)
endif()
