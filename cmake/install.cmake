# What an installed prefix holds: the library both ways, its headers, pkg-config, the CMake package, the programs with
# their man pages and completions.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS salesforce salesforce_static EXPORT SalesforceTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES include/salesforce.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/salesforce DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

file(RELATIVE_PATH prefix_from_pc ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX}) # so that a prefix can move
configure_file(cmake/salesforce.pc.in salesforce.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/salesforce.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Salesforce)
install(EXPORT SalesforceTargets NAMESPACE Salesforce:: DESTINATION ${package_dir})
configure_package_config_file(cmake/SalesforceConfig.cmake.in SalesforceConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(SalesforceConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/SalesforceConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/SalesforceConfigVersion.cmake
  DESTINATION ${package_dir})

if(TARGET sforce-org)
  install(TARGETS sforce-org RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
if(TARGET sforce)
  install(TARGETS sforce RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  set(manual ${CMAKE_BINARY_DIR}/man)
  add_custom_command(OUTPUT ${manual}/sforce.1
    COMMAND ${CMAKE_COMMAND} -E make_directory ${manual} && $<TARGET_FILE:sforce> man --all ${manual}
    DEPENDS sforce VERBATIM COMMENT "Writing the man pages from the table of commands")
  foreach(shell bash zsh fish)
    add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/completion/${shell}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/completion
      COMMAND sh -c "'$<TARGET_FILE:sforce>' completion ${shell} > '${CMAKE_BINARY_DIR}/completion/${shell}'"
      DEPENDS sforce VERBATIM)
  endforeach()
  add_custom_target(manual ALL DEPENDS ${manual}/sforce.1 ${CMAKE_BINARY_DIR}/completion/bash
    ${CMAKE_BINARY_DIR}/completion/zsh ${CMAKE_BINARY_DIR}/completion/fish)
  install(DIRECTORY ${manual}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 FILES_MATCHING PATTERN "*.1")
  install(FILES ${CMAKE_BINARY_DIR}/completion/bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME sforce)
  install(FILES ${CMAKE_BINARY_DIR}/completion/zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _sforce)
  install(FILES ${CMAKE_BINARY_DIR}/completion/fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME sforce.fish)
endif()
