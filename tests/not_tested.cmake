# attn_not_tested(LABEL NAME WHY): stands for tests that cannot be built here. ctest lists LABEL.NAME as skipped, with the
# reason, so that nobody takes what is missing for passed.
#
#   attn_not_tested(runtime tbb_executor "oneTBB is missing (libtbb-dev)")
function(attn_not_tested label name why)
  message(STATUS "not tested: ${label}.${name}: ${why}")
  add_test(NAME ${label}.${name} COMMAND ${CMAKE_COMMAND} -E echo "not tested: ${why}")
  set_tests_properties(${label}.${name} PROPERTIES LABELS ${label} SKIP_REGULAR_EXPRESSION "not tested: ")
endfunction()

# The same for tests that need attn_keras_files.
function(attn_no_keras_files label)
  attn_not_tested(${label} keras_files "HDF5 or libzip is missing (libhdf5-dev, libzip-dev, pkg-config)")
endfunction()
