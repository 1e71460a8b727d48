# Reads the names of attnc's targets from codegen/halide/targets.def:
#
#   ATTN_TARGETS        all of them, the best one of each machine first
#   ATTN_TARGETS_HERE   those of the machine that CMake compiles for: what attn_add_layers makes by default
set(_targets_def ${CMAKE_CURRENT_LIST_DIR}/../halide/targets.def)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${_targets_def})
file(STRINGS ${_targets_def} _entries REGEX "^ATTNC_TARGET")
set(ATTN_TARGETS "")
set(ATTN_TARGETS_HERE "")
foreach(_entry IN LISTS _entries)
  if(NOT _entry MATCHES "^ATTNC_TARGET\\(([a-z0-9_]+), ([a-z0-9_]+), ")
    message(FATAL_ERROR "${_targets_def}: expected `ATTNC_TARGET(name, machine, ` at the beginning of a line, got\n${_entry}")
  endif()
  list(APPEND ATTN_TARGETS ${CMAKE_MATCH_1})
  if(CMAKE_MATCH_2 STREQUAL CMAKE_SYSTEM_PROCESSOR)
    list(APPEND ATTN_TARGETS_HERE ${CMAKE_MATCH_1})
  endif()
endforeach()
