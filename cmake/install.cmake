# What an installed prefix holds: the library both ways, its headers, pkg-config, the CMake package, the programs.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
