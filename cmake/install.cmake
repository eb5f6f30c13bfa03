# SPDX-License-Identifier: MIT
# `cmake --install` and what find_package(resnet) reads. Nothing here depends on a processor.
include(CMakePackageConfigHelpers)
set(folder ${CMAKE_INSTALL_DATADIR}/cmake/resnet)
configure_package_config_file(cmake/resnetConfig.cmake.in ${PROJECT_BINARY_DIR}/resnetConfig.cmake
  INSTALL_DESTINATION ${folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/resnetConfigVersion.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
if(PROJECT_IS_TOP_LEVEL)
  install(TARGETS resnet EXPORT resnet)
  install(EXPORT resnet NAMESPACE resnet:: FILE resnetTargets.cmake DESTINATION ${folder})
  install(FILES ${PROJECT_BINARY_DIR}/resnetConfig.cmake ${PROJECT_BINARY_DIR}/resnetConfigVersion.cmake
    DESTINATION ${folder})
  install(DIRECTORY include/resnet DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()
