# IA-64 images. With the cross compiler of scripts/ia64-toolchain they are built; without it those committed in
# images/ia64 are unpacked. images/ia64/MANIFEST.json says what those were built from, two tests hold it to that
# (cmake/Ia64Manifest.cmake), scripts/ia64-images renews them.
set(XS_IA64_IMAGE_DIR ${CMAKE_BINARY_DIR}/images/ia64)
set(XS_IA64_OBJECT_DIR ${CMAKE_BINARY_DIR}/ia64)
file(MAKE_DIRECTORY ${XS_IA64_IMAGE_DIR} ${XS_IA64_OBJECT_DIR})

execute_process(COMMAND ${CMAKE_SOURCE_DIR}/scripts/ia64-toolchain --check RESULT_VARIABLE absent)
execute_process(COMMAND ${CMAKE_SOURCE_DIR}/scripts/ia64-toolchain --where
  OUTPUT_VARIABLE prefix OUTPUT_STRIP_TRAILING_WHITESPACE)
set(XS_IA64_GXX "")
if(absent EQUAL 0)
  set(XS_IA64_GXX ${prefix}/bin/ia64-linux-gnu-g++)
endif()

# f32 to f127 stay untouched, so that an interruption handler saves little (as Linux does). Images are committed: each type is
# told once for all files, and of places in the source the line.
set(XS_IA64_FLAGS -ffreestanding -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit
  -fno-stack-protector -fno-strict-aliasing -mfixed-range=f32-f127 -std=gnu++20 -O2
  -g -fdebug-types-section -gno-column-info
  -Wall -Wextra -Wshadow -Werror -Wa,--fatal-warnings)
# Firmware runs wherever it is mapped: no address in its code, and none that a linker could put into data.
set(XS_IA64_FIRMWARE_FLAGS -mauto-pic -fno-jump-tables)
set(XS_IA64_LINK_FLAGS -nostdlib -static -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack
  -Wl,--no-warn-rwx-segments)

# Guests besides: what is their user mode's in the floating-point registers stays there; loops over bytes are memcpy's own;
# Xen's and Linux's headers are the host's.
set(XS_IA64_GUEST_FLAGS -mfixed-range=f2-f5,f16-f31 -fno-tree-loop-distribute-patterns -D__XEN_TOOLS__
  -idirafter /usr/include -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE})

# Test guests: many small images that are committed.
set(XS_IA64_TEST_FLAGS -Os)

# Compiles one file, with the flags given besides; its object goes to the parent's variable. XS_IA64_OBJECT_DEPENDS: what else
# goes into it; XS_IA64_OBJECT_VARIANT: "-name" where the same source is compiled differently.
function(xs_ia64_object source object_variable)
  file(RELATIVE_PATH relative ${CMAKE_SOURCE_DIR} ${source})
  set(object ${XS_IA64_OBJECT_DIR}${XS_IA64_OBJECT_VARIANT}/${relative}.o)
  get_filename_component(directory ${object} DIRECTORY)
  file(MAKE_DIRECTORY ${directory})
  add_custom_command(OUTPUT ${object}
    COMMAND ${XS_IA64_GXX} ${XS_IA64_FLAGS} ${ARGN} -I${CMAKE_SOURCE_DIR} -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.
      -Wa,--debug-prefix-map=${CMAKE_SOURCE_DIR}=.
      -MD -MF ${object}.d -c ${source} -o ${object}
    COMMAND ${CMAKE_COMMAND} -E copy ${object}.d ${object}.inputs  # ninja takes the other one away
    DEPENDS ${source} ${XS_IA64_GXX} ${XS_IA64_OBJECT_DEPENDS}
    DEPFILE ${object}.d
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    COMMENT "Building IA-64 object ${relative}.o"
    VERBATIM)
  set(${object_variable} ${object} PARENT_SCOPE)
endfunction()

function(xs_ia64_link output)
  cmake_parse_arguments(A "" "LINKER_SCRIPT" "OBJECTS;OPTIONS" ${ARGN})
  get_filename_component(name ${output} NAME)
  add_custom_command(OUTPUT ${output}
    COMMAND ${XS_IA64_GXX} ${XS_IA64_LINK_FLAGS} ${A_OPTIONS} -Wl,-T,${A_LINKER_SCRIPT} -o ${output} ${A_OBJECTS} -lgcc
    DEPENDS ${A_OBJECTS} ${A_LINKER_SCRIPT}
    COMMENT "Linking IA-64 image ${name}"
    COMMAND_EXPAND_LISTS VERBATIM)
endfunction()

# xs_ia64_image(name [STRIPPED] [FOR_TESTS] SOURCES ... OBJECTS ... FLAGS ... DEFINITIONS ... OPTIONS ... INPUTS ... LINKER_SCRIPT file)
# OBJECTS are those of other images, too; OPTIONS: the linker's; INPUTS: what went into files that its sources include (names of
# files, or of objects' .inputs); STRIPPED: without debug information, which is most of a small program; FOR_TESTS: no part of what
# the launcher builds; DEFINITIONS: names that make its sources a variant of another image's.
function(xs_ia64_image name)
  cmake_parse_arguments(A "STRIPPED;FOR_TESTS" "LINKER_SCRIPT" "SOURCES;OBJECTS;FLAGS;DEFINITIONS;OPTIONS;INPUTS" ${ARGN})
  if(A_DEFINITIONS)
    set(XS_IA64_OBJECT_VARIANT -${name})
    list(TRANSFORM A_DEFINITIONS PREPEND -D)
  endif()
  set(image ${XS_IA64_IMAGE_DIR}/${name}.elf)
  if(XS_IA64_GXX)
    set(objects ${A_OBJECTS})
    foreach(source ${A_SOURCES})
      xs_ia64_object(${source} object ${A_FLAGS} ${A_DEFINITIONS})
      list(APPEND objects ${object})
    endforeach()
    xs_ia64_link(${image} OBJECTS ${objects} OPTIONS $<$<BOOL:${A_STRIPPED}>:-Wl,--strip-debug> ${A_OPTIONS} LINKER_SCRIPT ${A_LINKER_SCRIPT})
    list(TRANSFORM objects APPEND .inputs OUTPUT_VARIABLE noted)
    file(CONFIGURE OUTPUT ${XS_IA64_OBJECT_DIR}/${name}.inputs CONTENT "${noted};${A_INPUTS};${A_LINKER_SCRIPT}")
    add_custom_target(image_ia64_${name} ALL DEPENDS ${image})
  else()
    add_custom_target(image_ia64_${name} ALL)
    add_dependencies(image_ia64_${name} ia64_images_unpacked)
  endif()
  if(NOT A_FOR_TESTS)
    set_property(GLOBAL APPEND PROPERTY XS_IMAGES image_ia64_${name})
  endif()
  set_property(GLOBAL APPEND PROPERTY XS_IA64_IMAGES ${name})
endfunction()

# Those committed, one archive: what small programs have in common is in it once.
function(xs_ia64_unpack)
  set(committed ${CMAKE_SOURCE_DIR}/images/ia64/images.tar.xz)
  set(unpacked ${CMAKE_BINARY_DIR}/images/ia64.unpacked)
  list(TRANSFORM ARGN REPLACE "(.+)" "${XS_IA64_IMAGE_DIR}/\\1.elf" OUTPUT_VARIABLE files)
  add_custom_command(OUTPUT ${unpacked} BYPRODUCTS ${files}
    COMMAND tar -xJmf ${committed} -C ${XS_IA64_IMAGE_DIR}
    COMMAND ${CMAKE_COMMAND} -E touch ${unpacked}
    DEPENDS ${committed}
    COMMENT "Taking the committed IA-64 images"
    VERBATIM)
  add_custom_target(ia64_images_unpacked DEPENDS ${unpacked})
endfunction()

# After all images: how to write the manifest, and the tests that hold the committed images to it.
function(xs_ia64_manifest)
  get_property(images GLOBAL PROPERTY XS_IA64_IMAGES)
  if(NOT XS_IA64_GXX)
    xs_ia64_unpack(${images})
  endif()
  list(JOIN images , images)
  list(JOIN XS_IA64_FLAGS " " flags)
  list(JOIN XS_IA64_LINK_FLAGS " " link_flags)
  list(JOIN XS_IA64_FIRMWARE_FLAGS " " firmware_flags)
  list(JOIN XS_IA64_GUEST_FLAGS " " guest_flags)
  list(JOIN XS_IA64_TEST_FLAGS " " test_flags)
  set(script ${CMAKE_COMMAND} -D ROOT=${CMAKE_SOURCE_DIR} -D IMAGES=${images} -D "FLAGS=${flags} ${link_flags}, firmware: ${firmware_flags}, guests: ${guest_flags}, test guests: ${test_flags}"
    -D GXX=${XS_IA64_GXX} -D BUILT=${XS_IA64_IMAGE_DIR} -D OBJECTS=${XS_IA64_OBJECT_DIR})
  set(run -P ${CMAKE_SOURCE_DIR}/cmake/Ia64Manifest.cmake)
  add_test(NAME images_ia64_current COMMAND ${script} -D MODE=check ${run})
  add_test(NAME images_ia64_rebuilt COMMAND ${script} -D MODE=compare ${run})
  set_tests_properties(images_ia64_current images_ia64_rebuilt PROPERTIES LABELS images
    SKIP_REGULAR_EXPRESSION "skipped: ")
  if(XS_IA64_GXX)
    get_property(targets GLOBAL PROPERTY XS_IA64_IMAGES)
    list(TRANSFORM targets PREPEND image_ia64_)
    add_custom_target(ia64_images_renewed COMMAND ${script} -D MODE=write ${run} VERBATIM)
    add_dependencies(ia64_images_renewed ${targets})
  endif()
endfunction()
