# Language level, warnings, sanitizers, hardening: the same for every room.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough)
# g++ 12 reports library internals once sanitizers or -O2 inline them; these two have no true positives there.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-maybe-uninitialized>
                      $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
# clang takes what g++'s library does inside of std::stable_sort for ours.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-deprecated-declarations>)
endif()
# Not for the demo: what a newcomer's compiler warns of at -O1, nobody here has seen.
add_compile_options($<$<NOT:$<CONFIG:Demo>>:-Werror>)

find_program(CCACHE ccache)
if(CCACHE)
  # ccache keeps what was compiled with a precompiled header only where it may overlook its macros and its time.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
find_program(LLD ld.lld)
if(LLD)
  add_link_options(-fuse-ld=lld)
endif()

if(SHIELDWALL_SANITIZE)
  add_compile_options(-fsanitize=${SHIELDWALL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SHIELDWALL_SANITIZE})
  # The undefined-behaviour checks leave seven million pointers in the program: where it may be loaded anywhere,
  # each start writes them all (70,000 pages), and a test starts it hundreds of times.
  if(SHIELDWALL_SANITIZE MATCHES "undefined" AND NOT SHIELDWALL_FUZZ)
    add_link_options(-no-pie)
  endif()
else()
  add_compile_options(-fstack-protector-strong -fcf-protection -ftrivial-auto-var-init=zero)
  add_compile_options($<$<CONFIG:RelWithDebInfo,Demo>:-D_FORTIFY_SOURCE=2>)
  add_link_options(-pie -Wl,-z,relro,-z,now)
endif()
add_compile_definitions(_GLIBCXX_ASSERTIONS)
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
# ./demo from nothing is mostly compiling: -O1 and no line tables leave out a fifth of that.
set(CMAKE_CXX_FLAGS_DEMO "-O1 -DNDEBUG")
# -O0: half the time to compile of -O1 under sanitizers, and compiling is most of the test run.
set(CMAKE_CXX_FLAGS_DEBUG "-g1 -O0")

# libFuzzer steers by the edges that an input reaches, so every room counts them, not the target alone; and it lives
# on inputs per second, which -O0 does not give.
if(SHIELDWALL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link -O1)
endif()

# Thread sanitizer is for our code; g++ 12 warns that it does not model fences the libraries use.
if(SHIELDWALL_SANITIZE MATCHES "thread")
  add_compile_options(-Wno-tsan)
endif()
