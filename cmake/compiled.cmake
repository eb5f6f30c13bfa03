# SPDX-License-Identifier: MIT
# resnet::compiled: the headers of resnet::resnet, with the bodies of the CPU's operations compiled once for each
# instruction set that the architecture's processors may have. The best that the processor has is chosen when a program
# starts to compute; the environment variable RESNET_CPU forces one.
#
# An object for AVX-512 must not give the program its copies of functions that others have too (std::fill_n…): the linker
# takes any one of them. So all of its names but the table's become local.

set(RESNET_KERNEL_OPTIONS -O3 CACHE STRING "How kernels of resnet::compiled are optimized, in every configuration")

add_library(resnet_compiled STATIC ${PROJECT_SOURCE_DIR}/cmake/compiled/choose.cpp
  ${PROJECT_SOURCE_DIR}/cmake/compiled/io.cpp)
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
  target_compile_definitions(${table} PRIVATE RESNET_TABLE=${table} RESNET_ALLOW_SLOW_BUILD)
  target_compile_options(${table} PRIVATE ${RESNET_KERNEL_OPTIONS} -fno-lto ${ARGN})
  set_target_properties(${table} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${table}.o)
  add_custom_command(OUTPUT ${object} DEPENDS ${table} $<TARGET_OBJECTS:${table}> VERBATIM
    COMMAND ${CMAKE_LINKER} -r --force-group-allocation $<TARGET_OBJECTS:${table}> -o ${object}
    COMMAND ${CMAKE_OBJCOPY} --keep-global-symbol=${table} ${object}
    COMMENT "Making names of ${table} local")
  target_sources(resnet_compiled PRIVATE ${object})
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  resnet_add_kernels(avx512 -march=x86-64-v4)
  resnet_add_kernels(avx2 -march=x86-64-v3)
  resnet_add_kernels(baseline -march=x86-64)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  resnet_add_kernels(neon)
else()
  resnet_add_kernels(baseline)
endif()
