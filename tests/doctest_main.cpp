// doctest.h may have come before, in a precompiled header: then this brings its implementation alone, and both names are
// needed.
#define DOCTEST_CONFIG_IMPLEMENT
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
