// One translation unit compiles Catch2's runner; sc_main is not used by unit tests.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
