# What an installation holds: libBitNet.so, headers with their generated parts,
# programs, and a package that find_package(BitNet) finds.
include(CMakePackageConfigHelpers)

set(BITNET_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/BitNet)

install(TARGETS BitNet EXPORT BitNetTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT BitNetTargets NAMESPACE BitNet:: DESTINATION ${BITNET_CMAKE_DIR})

# <prefix>/include holds dialects/, bitnet/ and bitnet-c/, as the source tree does.
foreach(root ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  install(DIRECTORY ${root}/dialects ${root}/include/bitnet
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING
    PATTERN "*.h" PATTERN "*.td" PATTERN "*.def" PATTERN "*.inc"
    PATTERN "CMakeFiles" EXCLUDE)
endforeach()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/bitnet-c
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/BitNetConfig.cmake.in
  ${PROJECT_BINARY_DIR}/BitNetConfig.cmake
  INSTALL_DESTINATION ${BITNET_CMAKE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/BitNetConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/BitNetConfig.cmake
  ${PROJECT_BINARY_DIR}/BitNetConfigVersion.cmake
  DESTINATION ${BITNET_CMAKE_DIR})
