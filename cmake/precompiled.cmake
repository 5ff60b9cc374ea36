# The standard headers that nearly every file includes, compiled once: it takes 40 % off a build of `release` from
# nothing and 25 % off `dev`. Files still name what they use: `./dev check` compiles them with SHIELDWALL_PCH=OFF.
option(SHIELDWALL_PCH "compile the standard headers once" ON)
if(SHIELDWALL_FUZZ)
  set(SHIELDWALL_PCH OFF)
endif()
if(SHIELDWALL_PCH AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)  # what ccache asks for
endif()

set(standard_headers <algorithm> <array> <charconv> <chrono> <cstdint> <cstring> <expected> <functional> <map> <memory>
    <mutex> <optional> <set> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector> <fmt/format.h>)

# All objects are compiled with -fPIC, those of programs too, so that one compiled header fits them all.
add_library(shieldwall_standard OBJECT ${CMAKE_SOURCE_DIR}/tests/replay_main.cpp)
target_link_libraries(shieldwall_standard PUBLIC fmt::fmt Threads::Threads)
add_library(shieldwall_doctest OBJECT ${CMAKE_SOURCE_DIR}/tests/doctest_main.cpp)
target_link_libraries(shieldwall_doctest PUBLIC fmt::fmt Threads::Threads)
if(SHIELDWALL_PCH)
  target_precompile_headers(shieldwall_standard PRIVATE ${standard_headers})
  target_precompile_headers(shieldwall_doctest PRIVATE ${standard_headers} <doctest/doctest.h>)
endif()

# precompiled(TARGET standard|doctest)
# From a compiled header g++ 12 takes the library's insides for ours when it warns about what it inlined; `./dev check`
# has those warnings on.
function(precompiled target which)
  if(SHIELDWALL_PCH)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC $<$<COMPILE_LANGUAGE:CXX>:-Wno-stringop-overflow>
                           $<$<COMPILE_LANGUAGE:CXX>:-Wno-stringop-overread> $<$<COMPILE_LANGUAGE:CXX>:-Wno-array-bounds>)
    target_precompile_headers(${target} REUSE_FROM shieldwall_${which})
  endif()
endfunction()
