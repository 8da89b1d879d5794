# sforce: public headers and base only. Linked statically with our library: one file, and it starts at once.
file(GLOB cli_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/cli/*.c)
if(cli_sources)
add_executable(sforce ${cli_sources})
target_include_directories(sforce PRIVATE ${CMAKE_SOURCE_DIR}/cli ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(sforce PRIVATE SFI_PROGRAM)
target_link_libraries(sforce PRIVATE sf_warnings salesforce_static PkgConfig::SMARTCOLS)
endif()
