# SPDX-License-Identifier: MIT
# `cmake --install` and what find_package(resnet) reads.
include(CMakePackageConfigHelpers)
set(folder ${CMAKE_INSTALL_LIBDIR}/cmake/resnet)
configure_package_config_file(cmake/resnetConfig.cmake.in ${PROJECT_BINARY_DIR}/resnetConfig.cmake
  INSTALL_DESTINATION ${folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/resnetConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
if(PROJECT_IS_TOP_LEVEL)
  install(TARGETS resnet resnet_compiled EXPORT resnet ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT resnet NAMESPACE resnet:: FILE resnetTargets.cmake DESTINATION ${folder})
  install(FILES ${PROJECT_BINARY_DIR}/resnetConfig.cmake ${PROJECT_BINARY_DIR}/resnetConfigVersion.cmake
    DESTINATION ${folder})
  install(DIRECTORY include/resnet DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()
