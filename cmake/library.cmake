# One static library a room, in the order of the layer rule; libsalesforce is all of them together.
function(sf_room name)
  cmake_parse_arguments(room "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.c ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  if(NOT sources) # a room that is still empty links as nothing
    add_library(sfi_${name} INTERFACE)
    target_link_libraries(sfi_${name} INTERFACE ${room_LINK})
    return()
  endif()
  add_library(sfi_${name} STATIC ${sources})
  target_include_directories(sfi_${name} PUBLIC ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(sfi_${name} PRIVATE sf_warnings PUBLIC ${room_LINK})
  set_property(GLOBAL APPEND PROPERTY SF_ROOMS sfi_${name})
endfunction()

sf_room(base LINK Threads::Threads)
sf_room(json LINK sfi_base PkgConfig::SIMDJSON m)
sf_room(csv LINK sfi_base)
sf_room(xml LINK sfi_base ${CMAKE_DL_LIBS})
target_include_directories(sfi_xml PRIVATE ${LIBXML2_INCLUDE_DIRS}) # headers only: it is loaded on first use
sf_room(http LINK sfi_base PkgConfig::CURL PkgConfig::LIBDEFLATE PkgConfig::ZLIB)
sf_room(auth LINK sfi_base sfi_json sfi_xml sfi_http PkgConfig::CRYPTO)
sf_room(client LINK sfi_auth)
sf_room(rest LINK sfi_client)
sf_room(apex LINK sfi_client)
sf_room(bulk LINK sfi_rest sfi_csv PkgConfig::ZLIB ${CMAKE_DL_LIBS})
if(SF_WITH_SQLITE) # the header only: it is loaded on first use
  target_compile_definitions(sfi_bulk PRIVATE SF_WITH_SQLITE)
  target_include_directories(sfi_bulk PRIVATE ${SQLITE_INCLUDE_DIRS})
endif()
if(SF_WITH_ZSTD) # the same
  target_compile_definitions(sfi_bulk PRIVATE SF_WITH_ZSTD)
  target_include_directories(sfi_bulk PRIVATE ${ZSTD_INCLUDE_DIRS})
endif()
sf_room(soap LINK sfi_rest) # for its public calls on records
sf_room(events LINK sfi_rest sfi_soap) # for its public calls: a platform event is published as a record is created

get_property(rooms GLOBAL PROPERTY SF_ROOMS)
set(all_objects "")
foreach(room IN LISTS rooms)
  get_target_property(sources ${room} SOURCES)
  list(APPEND all_sources ${sources})
endforeach()
add_library(sf_objects OBJECT ${all_sources})
target_include_directories(sf_objects PUBLIC ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src)
set(library_dependencies PkgConfig::CURL PkgConfig::SIMDJSON PkgConfig::LIBDEFLATE PkgConfig::ZLIB
    PkgConfig::CRYPTO ${CMAKE_DL_LIBS} Threads::Threads m)
target_include_directories(sf_objects PRIVATE ${LIBXML2_INCLUDE_DIRS} ${SQLITE_INCLUDE_DIRS} ${ZSTD_INCLUDE_DIRS})
if(SF_WITH_SQLITE)
  target_compile_definitions(sf_objects PRIVATE SF_WITH_SQLITE)
endif()
if(SF_WITH_ZSTD)
  target_compile_definitions(sf_objects PRIVATE SF_WITH_ZSTD)
endif()
target_link_libraries(sf_objects PRIVATE sf_warnings ${library_dependencies})

add_library(salesforce SHARED $<TARGET_OBJECTS:sf_objects>)
set_target_properties(salesforce PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/salesforce.map)
target_link_options(salesforce PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/salesforce.map)
target_include_directories(salesforce PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
target_link_libraries(salesforce PRIVATE ${library_dependencies})

add_library(salesforce_static STATIC $<TARGET_OBJECTS:sf_objects>)
set_target_properties(salesforce_static PROPERTIES OUTPUT_NAME salesforce)
target_include_directories(salesforce_static PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
target_link_libraries(salesforce_static PUBLIC ${library_dependencies})
