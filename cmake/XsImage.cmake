# Target code: freestanding images for the simulated machines. x86-64 images are built by the host's
# own compiler; every image lands in ${XS_IMAGE_DIR} under its architecture-neutral name.
set(XS_IMAGE_DIR ${CMAKE_BINARY_DIR}/images/x86_64)
file(MAKE_DIRECTORY ${XS_IMAGE_DIR})

# Names of files in an image do not tell where it was built, nor whether a compiler cache made them relative.
file(RELATIVE_PATH XS_SOURCES_FROM_BUILD ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR})
string(REGEX REPLACE "/$" "" XS_SOURCES_FROM_BUILD "${XS_SOURCES_FROM_BUILD}")
set(XS_TARGET_COMMON -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fcf-protection=none
  -fno-asynchronous-unwind-tables -fno-omit-frame-pointer -fno-strict-aliasing -fno-threadsafe-statics
  -mno-red-zone -mgeneral-regs-only -g -O2
  -Wall -Wextra -Wshadow -Werror
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${XS_SOURCES_FROM_BUILD}=. -U_FORTIFY_SOURCE)
set(XS_TARGET_CXX -std=gnu++20 -fno-exceptions -fno-rtti -fno-use-cxa-atexit)

# What target code is compiled with.
function(xs_target_code target)
  cmake_parse_arguments(A "" "" "INCLUDES;OPTIONS" ${ARGN})
  set_target_properties(${target} PROPERTIES CXX_STANDARD 20 CXX_EXTENSIONS ON)
  target_compile_options(${target} PRIVATE ${XS_TARGET_COMMON}
    $<$<COMPILE_LANGUAGE:CXX>:${XS_TARGET_CXX}> ${A_OPTIONS})
  target_include_directories(${target} PRIVATE ${A_INCLUDES})
endfunction()

# xs_image(name SOURCES ... OBJECTS ... INCLUDES ... OPTIONS ... LINKER_SCRIPT file [FOR_TESTS])
# FOR_TESTS: no part of what the launcher builds.
function(xs_image name)
  cmake_parse_arguments(A "FOR_TESTS" "LINKER_SCRIPT;OUTPUT" "SOURCES;INCLUDES;OPTIONS;OBJECTS" ${ARGN})
  if(NOT A_OUTPUT)
    set(A_OUTPUT ${name})
  endif()
  add_executable(image_${name} ${A_SOURCES} ${A_OBJECTS})
  set_target_properties(image_${name} PROPERTIES OUTPUT_NAME ${A_OUTPUT}.elf
    RUNTIME_OUTPUT_DIRECTORY ${XS_IMAGE_DIR} LINK_DEPENDS ${A_LINKER_SCRIPT} LINKER_LANGUAGE CXX)
  if(NOT A_FOR_TESTS)
    set_property(GLOBAL APPEND PROPERTY XS_IMAGES image_${name})
  endif()
  xs_target_code(image_${name} INCLUDES ${A_INCLUDES} OPTIONS ${A_OPTIONS})
  target_link_options(image_${name} PRIVATE -nostdlib -static -no-pie -Wl,--build-id=none
    -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack -Wl,--no-warn-rwx-segments -Wl,-T,${A_LINKER_SCRIPT})
endfunction()
