# For each ctest label, a target that builds exactly what its tests need:
#
#   cmake --build build --target tests_dsl && ctest --test-dir build -L dsl          (./dev test -L dsl does both)
#
# A label is a folder of tests/, or examples. Its target builds all targets of that folder, and of the folders below it, that
# `all` also builds. If tests need targets from elsewhere, their folder lists them:
#
#   set_property(DIRECTORY PROPERTY ATTN_TESTS_NEED attnc)

# attn_needs_of(FOLDER OUT): the targets of FOLDER and below, and the targets listed there.
function(attn_needs_of folder out)
  get_property(needs DIRECTORY ${folder} PROPERTY ATTN_TESTS_NEED)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(left_out ${target} EXCLUDE_FROM_ALL)
    get_target_property(type ${target} TYPE)
    if(NOT left_out AND NOT type STREQUAL "INTERFACE_LIBRARY")
      list(APPEND needs ${target})
    endif()
  endforeach()
  get_property(below DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(child IN LISTS below)
    attn_needs_of(${child} of_child)
    list(APPEND needs ${of_child})
  endforeach()
  set(${out} "${needs}" PARENT_SCOPE)
endfunction()

get_property(folders DIRECTORY ${PROJECT_SOURCE_DIR}/tests PROPERTY SUBDIRECTORIES)
if(ATTN_BUILD_EXAMPLES AND ATTN_BUILD_GENERATOR)
  list(APPEND folders ${PROJECT_SOURCE_DIR}/examples)
endif()
foreach(folder IN LISTS folders)
  get_filename_component(label ${folder} NAME)
  attn_needs_of(${folder} needs)
  add_custom_target(tests_${label})
  if(needs)
    list(REMOVE_DUPLICATES needs)
    add_dependencies(tests_${label} ${needs})
  endif()
endforeach()
