# find_package(heat) gives heat::spec, heat::traces, heat::dram_core and heat::dram. Component `development`, so that
# `cmake --install <build> --component development` needs these libraries only, not the programs.
include(CMakePackageConfigHelpers)

set(HEAT_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/heat)
install(TARGETS heat_base heat_sqlite heat_spec heat_traces heat_dram_core heat_dram EXPORT heat-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(EXPORT heat-targets NAMESPACE heat:: DESTINATION ${HEAT_PACKAGE_DIR} COMPONENT development)
foreach(room base spec traces sim/dram)
  file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${room}/*.h)
  list(FILTER headers EXCLUDE REGEX "/base/command_line\\.h$")  # the programs' own
  install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/heat/${room} COMPONENT development)
endforeach()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/heat-config.cmake.in ${PROJECT_BINARY_DIR}/heat-config.cmake
                              INSTALL_DESTINATION ${HEAT_PACKAGE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/heat-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/heat-config.cmake ${PROJECT_BINARY_DIR}/heat-config-version.cmake
              ${CMAKE_CURRENT_LIST_DIR}/HeatSystemC.cmake
        DESTINATION ${HEAT_PACKAGE_DIR} COMPONENT development)
