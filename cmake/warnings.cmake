# The warnings that every file of ours is silent under, with gcc and with clang.
add_library(sf_warnings INTERFACE)
target_compile_options(sf_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla>
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wshadow -fno-exceptions -fno-rtti>)
if(SF_WERROR)
  target_compile_options(sf_warnings INTERFACE -Werror)
endif()
