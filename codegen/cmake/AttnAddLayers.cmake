# AttnAddLayers.cmake - from a header of described layers to a library that a program links.
#
#   attn_add_layers(my_layers
#       HEADER  layers.h             # beside this CMakeLists.txt; holds `namespace model { using layers = attn::Layers<...>; }`
#       LAYERS  model::layers
#       TARGETS avx512 avx2 baseline    # default: all that attnc has for the machine that the project compiles for
#       SHAPES one few many scores      # kernels for calls of one query, of few, of many, and for those that ask for
#                                       # scores; other calls are refused. Default: all
#       TUNED my.db                     # a database of `attnc tune`: layers and targets with runs there get their numbers
#       SHARED)                         # also a shared library, for attn::open: see below
#   target_link_libraries(app PRIVATE my_layers)
#
#   #include "my_layers/encoder.attn.h"
#
# The project's own compiler compiles the header with the project's flags to an object that holds nothing but the
# descriptions, and attnc makes the library from that object. Both are built again when the header, what it includes, or
# attnc changes, and when a file that they made is deleted; the library also when these arguments or the database change.
# With a multi-config generator, each configuration has its own library. Anything else that the header needs (include
# directories, definitions, other libraries) is given to my_layers as INTERFACE: the descriptions are compiled with it,
# like everything that includes the typed headers.
#
# Everything that is made lies in <build folder>/attn/my_layers (with several configurations in /<configuration> below
# it): the typed headers in my_layers/, the readable stages in my_layers/stages/, and in kernels/ the kernels, of which
# the next build takes those that a change does not concern. A typed header includes yours through a small header of the
# same name in its own folder, which includes yours by its path: so headers of several libraries may have the same name.
#
# attnc is the target of this name if its sources are part of the build (add_subdirectory), else the program that
# ATTNC_EXECUTABLE names: so a cross build uses an attnc that was built for the machine that builds. find_package(attnc)
# sets ATTNC_EXECUTABLE to the installed one. The targets attn::dsl and attn::runtime exist either way.
#
# With SHARED the project's C compiler also links libmy_layers.so; the target's property ATTN_SHARED_LIBRARY has its
# path ($<CONFIG> is part of it if there are several configurations). It is meant to be opened at run time, and depends
# only on the C library.
#
# If a library of the project passes my_layers on to those who link it (a static one, or PUBLIC), `cmake --install` also
# installs lib/libmy_layers.a (and .so), in include/my_layers/ the typed headers and yours, with what it includes from
# its own folder by #include "...", and a package attn_my_layers. So a library that links my_layers can be installed and
# exported as any other, in either of these ways:
#
#   install(TARGETS mine my_layers EXPORT mine)   # my_layers in your own package, which needs find_dependency(attnc)
#   install(TARGETS mine EXPORT mine)             # yours needs find_dependency(attn_my_layers), which finds attnc
#
# Layers that only programs link are not installed. With set(ATTN_INSTALL_LAYERS ON) before the call they are always
# installed; with OFF never, which is the default if attnc's sources are part of the build and are not installed
# (ATTN_INSTALL).
# Not here: layers from JSON; `attnc build` makes those.
include_guard(GLOBAL)
cmake_policy(VERSION 3.25)  # for this file, also if a project asks for less

# Sets `out` to `header` and the headers in `folder` or below it that it includes by #include "...", directly or
# indirectly: paths relative to `folder`, `header` first.
function(_attn_headers_of header folder out)
  set(found "${header}")
  set(next "${header}")
  while(next)
    list(POP_FRONT next file)
    get_filename_component(beside "${file}" DIRECTORY)
    if(NOT EXISTS "${folder}/${file}")  # made by the build
      continue()
    endif()
    file(STRINGS "${folder}/${file}" lines REGEX "^[ \t]*#[ \t]*include[ \t]*\"[^\"]+\"")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE "^[^\"]*\"([^\"]+)\".*$" "\\1" included "${line}")
      cmake_path(SET path NORMALIZE "${beside}/${included}")
      string(REGEX REPLACE "^/" "" path "${path}")
      if(NOT path MATCHES "^\\.\\./" AND NOT path IN_LIST found AND EXISTS "${folder}/${path}")
        list(APPEND found "${path}")
        list(APPEND next "${path}")
      endif()
    endforeach()
  endwhile()
  set(${out} "${found}" PARENT_SCOPE)
endfunction()

# Sets `out` to whether a library of `folder` or below passes `name` on to those who link it.
function(_attn_is_handed_on folder name out)
  get_property(targets DIRECTORY "${folder}" PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(links ${target} INTERFACE_LINK_LIBRARIES)
    if(links MATCHES "(^|[;:])${name}([;>]|$)")
      set(${out} TRUE PARENT_SCOPE)
      return()
    endif()
  endforeach()
  get_property(folders DIRECTORY "${folder}" PROPERTY SUBDIRECTORIES)
  foreach(below IN LISTS folders)
    _attn_is_handed_on("${below}" ${name} found)
    if(found)
      set(${out} TRUE PARENT_SCOPE)
      return()
    endif()
  endforeach()
  set(${out} FALSE PARENT_SCOPE)
endfunction()

# What `cmake --install` does for the layers of attn_add_layers(name): `files` are the libraries, `typed` is the folder
# of the typed headers, `header` is the user's header, `config` the package file to write. Called when all targets are
# known.
function(_attn_install_layers name always files typed header config)
  _attn_is_handed_on("${CMAKE_SOURCE_DIR}" ${name} handed_on)
  if(NOT always AND NOT handed_on)
    return()
  endif()
  include(GNUInstallDirs)
  set(package "${CMAKE_INSTALL_LIBDIR}/cmake/attn_${name}")
  install(TARGETS ${name} EXPORT attn_${name})
  install(EXPORT attn_${name} DESTINATION "${package}" FILE attn_${name}Targets.cmake)
  install(FILES ${files} DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(DIRECTORY "${typed}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILES_MATCHING PATTERN "*.attn.h" PATTERN stages EXCLUDE)
  cmake_path(GET header PARENT_PATH folder)
  cmake_path(GET header FILENAME header_name)
  _attn_headers_of("${header_name}" "${folder}" headers)
  foreach(file IN LISTS headers)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${folder}/${file}")
    cmake_path(GET file PARENT_PATH below)
    install(FILES "${folder}/${file}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/${name}/${below}")
  endforeach()
  set(shared "")
  if(files MATCHES "\\.so$")
    set(shared "set_property(TARGET ${name} PROPERTY ATTN_SHARED_LIBRARY \"\${_attn_lib}/lib${name}.so\")\n")
  endif()
  file(CONFIGURE OUTPUT "${config}" @ONLY CONTENT
"# Written by attn_add_layers(@name@): the target @name@, the layers' library.
include(CMakeFindDependencyMacro)
find_dependency(attnc @attnc_VERSION@)
include(\"\${CMAKE_CURRENT_LIST_DIR}/attn_@name@Targets.cmake\")
get_filename_component(_attn_lib \"\${CMAKE_CURRENT_LIST_DIR}/../..\" ABSOLUTE)
@shared@")
  install(FILES "${config}" DESTINATION "${package}")
endfunction()

function(attn_add_layers name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SHARED" "HEADER;LAYERS;TUNED" "TARGETS;SHAPES")
  if(arg_UNPARSED_ARGUMENTS OR arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "attn_add_layers(${name}): cannot make sense of `${arg_UNPARSED_ARGUMENTS}${arg_KEYWORDS_MISSING_VALUES}`; "
                        "it takes HEADER, LAYERS, TARGETS, SHAPES, TUNED and SHARED")
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
  get_source_file_property(header_is_made "${header}" GENERATED)
  if(NOT EXISTS "${header}" AND NOT header_is_made)
    message(FATAL_ERROR "attn_add_layers(${name}): the header ${header} is not there")
  endif()
  if(header_name MATCHES "\\.attn\\.h$")
    message(FATAL_ERROR "attn_add_layers(${name}): ${header_name} is called as the headers that attnc writes: name it otherwise")
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

  # One folder per configuration: a common folder would be rewritten at each switch.
  set(base "${CMAKE_CURRENT_BINARY_DIR}/attn/${name}")
  set(folder "${base}")
  file(MAKE_DIRECTORY "${base}/${name}")
  get_property(several GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
  if(several)
    set(folder "${base}/$<CONFIG>")
    foreach(configuration IN LISTS CMAKE_CONFIGURATION_TYPES)
      file(MAKE_DIRECTORY "${base}/${configuration}/${name}")
    endforeach()
  endif()
  set(source "${base}/section.cpp")
  file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT
"// Written by attn_add_layers(@name@): the layers' descriptions as data, for attnc.
#include \"@header@\"

#include \"attn/section.h\"

ATTN_SECTION(@arg_LAYERS@)
")
  add_library(${name}_section OBJECT "${source}" "${header}")
  target_link_libraries(${name}_section PRIVATE attn::dsl)
  # Compiled as by those who link the library, so that the same header describes the same layers.
  target_include_directories(${name}_section PRIVATE $<TARGET_PROPERTY:${name},INTERFACE_INCLUDE_DIRECTORIES>)
  target_compile_definitions(${name}_section PRIVATE $<TARGET_PROPERTY:${name},INTERFACE_COMPILE_DEFINITIONS>)
  target_compile_options(${name}_section PRIVATE $<TARGET_PROPERTY:${name},INTERFACE_COMPILE_OPTIONS>)
  # A separate object file with ordinary sections, whatever the project does otherwise.
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
  set(shapes_option "")
  if(arg_SHAPES)
    list(JOIN arg_SHAPES "," shapes)
    set(shapes_option --shapes "${shapes}")
  endif()
  set(tuned "")
  set(tuned_option "")
  if(arg_TUNED)
    get_filename_component(tuned "${arg_TUNED}" ABSOLUTE)
    if(NOT EXISTS "${tuned}" OR IS_DIRECTORY "${tuned}")
      message(FATAL_ERROR "attn_add_layers(${name}): TUNED: the database ${tuned} is not there; `attnc tune` makes it")
    endif()
    set(tuned_option --tuned "${tuned}")
  endif()
  set(archive "${folder}/lib${name}.a")
  set(linker "")
  set(shared_option "")
  if(arg_SHARED)
    set(compiler "${CMAKE_CXX_COMPILER}")
    if(CMAKE_C_COMPILER)
      set(compiler "${CMAKE_C_COMPILER}")
    endif()
    set(linker "${CMAKE_COMMAND}" -E env "CC=${compiler}")
    set(shared_option --shared)
  endif()
  # Make does not notice by itself that a command has changed.
  set(options "${targets_option};${shapes_option};${tuned_option};${shared_option}")
  file(CONFIGURE OUTPUT "${base}/options.txt" @ONLY CONTENT
"Written by attn_add_layers(@name@): what the library is built with, so that it is built again when that has changed.
@options@
")
  # CMake adds each build's depfile to what it has kept for make of earlier ones, removed layers and databases included.
  # It starts anew where nothing is kept.
  set(forget "")
  if(CMAKE_GENERATOR MATCHES "Makefiles")
    set(forget COMMAND "${CMAKE_COMMAND}" -E rm -f
        "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${name}_build.dir/compiler_depend.internal")
  endif()
  # Only the compiler knows the names of the layers. So the archive is the only output, and the depfile says what else
  # has to exist.
  add_custom_command(
    OUTPUT "${archive}"
    COMMAND ${linker} "${attnc}" build "$<TARGET_OBJECTS:${name}_section>" -o "${folder}" --name ${name}
            --header "${header_name}" --depfile "${archive}.d" --kernels "${folder}/kernels"
            ${targets_option} ${shapes_option} ${tuned_option} ${shared_option}
    ${forget}
    DEPENDS "$<TARGET_OBJECTS:${name}_section>" ${name}_section ${attnc_depends} "${base}/options.txt" ${tuned}
    DEPFILE "${archive}.d"
    COMMENT "Compiling the layers of ${name}"
    VERBATIM COMMAND_EXPAND_LISTS)
  # What typed headers include. It is as new as the archive, so sources that include a rewritten typed header are
  # compiled again in the same build, though the build tool does not know the typed headers by name.
  file(CONFIGURE OUTPUT "${base}/description.h" @ONLY CONTENT
"// Written by attn_add_layers(@name@): typed headers include the description of their layers here.
#include \"@header@\"
")
  set(made "${archive}" "${folder}/${name}/${header_name}")
  add_custom_command(
    OUTPUT "${folder}/${name}/${header_name}"
    COMMAND "${CMAKE_COMMAND}" -E copy "${base}/description.h" "${folder}/${name}/${header_name}"
    DEPENDS "${archive}" "${base}/description.h"
    COMMENT ""
    VERBATIM)
  set(files "${archive}")
  if(arg_SHARED)
    # A copy, so that it is the output of a rule and is made again if it is deleted.
    set(shared "${folder}/shared/lib${name}.so")
    list(APPEND made "${shared}")
    list(APPEND files "${shared}")
    add_custom_command(
      OUTPUT "${shared}"
      COMMAND "${CMAKE_COMMAND}" -E make_directory "${folder}/shared"
      COMMAND "${CMAKE_COMMAND}" -E copy "${folder}/lib${name}.so" "${shared}"
      DEPENDS "${archive}"
      COMMENT ""
      VERBATIM)
  endif()
  add_custom_target(${name}_build ALL DEPENDS ${made})
  set_property(DIRECTORY APPEND PROPERTY ADDITIONAL_CLEAN_FILES "${folder}/${name}" "${folder}/kernels")

  include(GNUInstallDirs)
  add_library(${name} INTERFACE)
  target_include_directories(${name} INTERFACE
    "$<BUILD_INTERFACE:${folder}>" "$<BUILD_INTERFACE:${header_folder}>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_link_libraries(${name} INTERFACE
    "$<BUILD_INTERFACE:${archive}>" "$<INSTALL_INTERFACE:$<INSTALL_PREFIX>/${CMAKE_INSTALL_LIBDIR}/lib${name}.a>"
    attn::runtime attn::dsl)
  if(arg_SHARED)
    set_target_properties(${name} PROPERTIES ATTN_SHARED_LIBRARY "${shared}")
  endif()
  # The headers exist before anything that links the library is compiled.
  add_dependencies(${name} ${name}_build)

  get_target_property(runtime_is_installed attn::runtime IMPORTED)
  if(NOT runtime_is_installed)
    set(runtime_is_installed "${ATTN_INSTALL}")
  endif()
  if(DEFINED ATTN_INSTALL_LAYERS)
    set(install "${ATTN_INSTALL_LAYERS}")
    set(always "${ATTN_INSTALL_LAYERS}")
  else()
    set(install "${runtime_is_installed}")
    set(always FALSE)
  endif()
  if(install)
    # Deferred to the end of the project: only then is it known who links the layers.
    cmake_language(EVAL CODE "cmake_language(DEFER DIRECTORY [[${CMAKE_SOURCE_DIR}]] CALL _attn_install_layers
      ${name} ${always} [[${files}]] [[${folder}/${name}]] [[${header}]] [[${base}/attn_${name}Config.cmake]])")
  endif()
endfunction()
