# AttnAddLayers.cmake - from a header of described layers to a library that a program links.
#
#   attn_add_layers(my_layers
#       HEADER  layers.h             # beside this CMakeLists.txt; holds `namespace model { using layers = attn::Layers<...>; }`
#       LAYERS  model::layers
#       TARGETS avx512 avx2 baseline    # default: all that attnc knows for the machine that is compiled for
#       SHARED)                         # also a shared library, for attn::open: see below
#   target_link_libraries(app PRIVATE my_layers)
#
#   #include "my_layers/encoder.attn.h"
#
# The header is compiled by the project's own compiler with its own flags, to an object that holds nothing but the
# descriptions; attnc makes the library of that object. Both are built again when the header, what it includes, or attnc
# changes. The readable stages lie beside the typed headers, in <build folder>/attn/my_layers/my_layers/stages.
#
# attnc is the target of this name where its sources are part of the build (add_subdirectory), else ATTNC_EXECUTABLE: so
# a cross build uses an attnc that was built for the machine that builds. find_package(attnc) sets it to the installed one.
# The targets attn::dsl and attn::runtime come either way.
#
# With SHARED the project's C compiler links <build folder>/attn/my_layers/libmy_layers.so as well; the target's property
# ATTN_SHARED_LIBRARY has its path. It is to be opened at run time, and needs nothing but the C library.
# Not here: layers from JSON; `attnc build` makes those.
include_guard(GLOBAL)

function(attn_add_layers name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SHARED" "HEADER;LAYERS" "TARGETS")
  if(arg_UNPARSED_ARGUMENTS OR arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "attn_add_layers(${name}): cannot make sense of `${arg_UNPARSED_ARGUMENTS}${arg_KEYWORDS_MISSING_VALUES}`; "
                        "it takes HEADER, LAYERS, TARGETS and SHARED")
  endif()
  foreach(needed HEADER LAYERS)
    if(NOT arg_${needed})
      message(FATAL_ERROR "attn_add_layers(${name}) needs ${needed}")
    endif()
  endforeach()
  if(NOT name MATCHES "^[A-Za-z_][A-Za-z0-9_]*$")
    message(FATAL_ERROR "attn_add_layers(${name}): a library's name has letters, digits and _, a letter first")
  endif()
  get_filename_component(header "${arg_HEADER}" ABSOLUTE)
  get_filename_component(header_folder "${header}" DIRECTORY)
  get_filename_component(header_name "${header}" NAME)
  if(NOT EXISTS "${header}")
    message(FATAL_ERROR "attn_add_layers(${name}): the header ${header} is not there")
  endif()
  if(TARGET attnc)
    set(attnc "$<TARGET_FILE:attnc>")
    set(attnc_depends attnc "$<TARGET_FILE:attnc>")
  else()
    if(NOT ATTNC_EXECUTABLE)
      find_program(ATTNC_EXECUTABLE attnc DOC "the layer compiler, for builds that do not build it")
    endif()
    if(NOT ATTNC_EXECUTABLE)
      message(FATAL_ERROR "attn_add_layers(${name}): no attnc: use an installation that has it, add its sources with "
                          "add_subdirectory, or pass -DATTNC_EXECUTABLE=<path>")
    endif()
    set(attnc "${ATTNC_EXECUTABLE}")
    set(attnc_depends "${ATTNC_EXECUTABLE}")
  endif()

  set(folder "${CMAKE_CURRENT_BINARY_DIR}/attn/${name}")
  set(source "${folder}/section.cpp")
  file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT
"// Written by attn_add_layers(@name@): the layers' descriptions as data, for attnc.
#include \"@header_name@\"

#include \"attn/section.h\"

ATTN_SECTION(@arg_LAYERS@)
")
  add_library(${name}_section OBJECT "${source}")
  target_include_directories(${name}_section PRIVATE "${header_folder}")
  target_link_libraries(${name}_section PRIVATE attn::dsl)
  # An object of its own, with machine code's sections: whatever the project does otherwise.
  set_target_properties(${name}_section PROPERTIES
    INTERPROCEDURAL_OPTIMIZATION OFF UNITY_BUILD OFF DISABLE_PRECOMPILE_HEADERS ON)
  if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    target_compile_options(${name}_section PRIVATE -fno-lto)
  endif()

  set(targets_option "")
  if(arg_TARGETS)
    list(JOIN arg_TARGETS "," targets)
    set(targets_option --target "${targets}")
  endif()
  set(archive "${folder}/lib${name}.a")
  set(made "${archive}")
  set(linker "")
  set(shared_option "")
  if(arg_SHARED)
    set(compiler "${CMAKE_CXX_COMPILER}")
    if(CMAKE_C_COMPILER)
      set(compiler "${CMAKE_C_COMPILER}")
    endif()
    list(APPEND made "${folder}/lib${name}.so")
    set(linker "${CMAKE_COMMAND}" -E env "CC=${compiler}")
    set(shared_option --shared)
  endif()
  add_custom_command(
    OUTPUT ${made}
    COMMAND ${linker} "${attnc}" build "$<TARGET_OBJECTS:${name}_section>" -o "${folder}" --name ${name}
            --header "${header_name}" ${targets_option} ${shared_option}
    DEPENDS "$<TARGET_OBJECTS:${name}_section>" ${name}_section ${attnc_depends}
    COMMENT "Compiling the layers of ${name}"
    VERBATIM COMMAND_EXPAND_LISTS)
  add_custom_target(${name}_build DEPENDS ${made})

  add_library(${name} INTERFACE)
  target_include_directories(${name} INTERFACE "${folder}" "${header_folder}")
  target_link_libraries(${name} INTERFACE "${archive}" attn::runtime attn::dsl)
  if(arg_SHARED)
    set_target_properties(${name} PROPERTIES ATTN_SHARED_LIBRARY "${folder}/lib${name}.so")
  endif()
  # Headers are there before anything that links the library is compiled.
  add_dependencies(${name} ${name}_build)
endfunction()
