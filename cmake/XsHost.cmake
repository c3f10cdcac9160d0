# Host code: one warning set and one way to declare a room (a static library below sim/ or viz/).
find_program(XS_CCACHE ccache)
if(XS_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${XS_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${XS_CCACHE})
endif()

add_library(xs_host_flags INTERFACE)
target_compile_options(xs_host_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror)
target_include_directories(xs_host_flags INTERFACE ${CMAKE_SOURCE_DIR})
if(XS_SANITIZE)
  target_compile_options(xs_host_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
    -O1  # the build takes longer than its tests run
    -Wno-maybe-uninitialized)  # GCC 12 warns falsely inside <regex> when instrumented
  target_link_options(xs_host_flags INTERFACE -fsanitize=address,undefined)
endif()

# What runs for moments (command line, tests) is compiled for the shortest build: at -O2 its templates
# (CLI11, Catch2) cost more than the rest of the tree.
add_library(xs_cold_flags INTERFACE)
target_compile_options(xs_cold_flags INTERFACE -O0 $<$<NOT:$<BOOL:${XS_SANITIZE}>>:-g0>)
target_link_libraries(xs_cold_flags INTERFACE xs_host_flags)

# Third-party headers are system headers: their warnings are not ours.
add_library(xs_systemc INTERFACE)
target_link_libraries(xs_systemc INTERFACE systemc)
target_compile_definitions(xs_systemc INTERFACE SC_CPLUSPLUS=201703L SC_INCLUDE_DYNAMIC_PROCESSES)

# xs_room(name SOURCES a.cpp ... DEPS xs_core ...)
function(xs_room name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${name} STATIC ${A_SOURCES})
  target_link_libraries(${name} PUBLIC xs_host_flags ${A_DEPS} PRIVATE ${A_PRIVATE_DEPS})
endfunction()

# xs_unit_test(name SOURCES a.cpp ... DEPS xs_mmu ... [LABELS systemc])
# A Catch2 program registered with CTest under label "unit". ./test runs those again under sanitizers, except
# the ones that carry label "systemc" (AddressSanitizer cannot follow SC_THREAD stacks).
add_custom_target(xs_unit_tests)
function(xs_register_test name)
  add_test(NAME ${name} COMMAND ${name})
  # Unicorn frees less than it allocates when an engine closes; those leaks are not ours.
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 LABELS "unit;${ARGN}"
    ENVIRONMENT "LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/support/lsan.supp:print_suppressions=0")
  if(NOT "systemc" IN_LIST ARGN)
    add_dependencies(xs_unit_tests ${name})
  endif()
endfunction()

function(xs_unit_test name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_link_libraries(${name} PRIVATE xs_cold_flags xs_catch_main ${A_DEPS})
  target_compile_definitions(${name} PRIVATE XS_IMAGE_DIR="${XS_IMAGE_DIR}"
    XS_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  xs_register_test(${name} ${A_LABELS})
endfunction()
