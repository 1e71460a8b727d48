# FindHalideSDK.cmake - finds Halide 21 in its Python wheel (Halide's own CMake package needs CMake 3.28).
#
#   find_package(HalideSDK 21 REQUIRED)
#   target_link_libraries(generator PRIVATE HalideSDK::Halide)
#
# Looks, in this order, in
#   HalideSDK_ROOT          a folder with include/Halide.h and lib64/libHalide.so (or lib/)
#   ATTN_VENV               a virtual environment with `pip install halide==21.0.0`; <source>/.venv when not given
#   the Python that CMake finds
# Sets HalideSDK_LIBRARY_DIR, which a program that links Halide needs in its RPATH.
# Not here: Halide's generator helpers and its runtime, which attnc does not use.

set(_halide_hints ${HalideSDK_ROOT})
set(ATTN_VENV "" CACHE PATH "virtual environment with the pip package halide (default: .venv in the source folder)")
foreach(_venv IN ITEMS "${ATTN_VENV}" "${PROJECT_SOURCE_DIR}/.venv")
  if(_venv)
    file(GLOB _found LIST_DIRECTORIES true "${_venv}/lib/python3*/site-packages/halide")
    list(APPEND _halide_hints ${_found})
  endif()
endforeach()
if(NOT _halide_hints)
  find_package(Python3 QUIET COMPONENTS Interpreter)
  if(Python3_Interpreter_FOUND)
    execute_process(
      COMMAND "${Python3_EXECUTABLE}" -c
              "import importlib.util as u; s = u.find_spec('halide'); print(s.submodule_search_locations[0] if s else '')"
      OUTPUT_VARIABLE _found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    list(APPEND _halide_hints ${_found})
  endif()
endif()

find_path(HalideSDK_INCLUDE_DIR Halide.h HINTS ${_halide_hints} PATH_SUFFIXES include NO_DEFAULT_PATH)
find_library(HalideSDK_LIBRARY Halide HINTS ${_halide_hints} PATH_SUFFIXES lib64 lib NO_DEFAULT_PATH)
mark_as_advanced(HalideSDK_INCLUDE_DIR HalideSDK_LIBRARY)
if(HalideSDK_INCLUDE_DIR)
  file(STRINGS "${HalideSDK_INCLUDE_DIR}/Halide.h" _lines REGEX "#define HALIDE_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
  string(REGEX REPLACE ".*MAJOR ([0-9]+).*MINOR ([0-9]+).*PATCH ([0-9]+).*" "\\1.\\2.\\3" HalideSDK_VERSION "${_lines}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(HalideSDK
  REQUIRED_VARS HalideSDK_LIBRARY HalideSDK_INCLUDE_DIR
  VERSION_VAR HalideSDK_VERSION
  REASON_FAILURE_MESSAGE
    "Halide comes from PyPI: `python3 -m venv .venv && .venv/bin/pip install halide==21.0.0` in the source folder \
(./dev build does it), or give -DATTN_VENV=<virtual environment> or -DHalideSDK_ROOT=<folder with include/ and lib64/>.")

if(HalideSDK_FOUND AND NOT TARGET HalideSDK::Halide)
  find_package(Threads REQUIRED)
  get_filename_component(HalideSDK_LIBRARY_DIR "${HalideSDK_LIBRARY}" DIRECTORY)
  add_library(HalideSDK::Halide SHARED IMPORTED)
  set_target_properties(HalideSDK::Halide PROPERTIES
    IMPORTED_LOCATION "${HalideSDK_LIBRARY}"
    IMPORTED_SONAME libHalide.so
    INTERFACE_INCLUDE_DIRECTORIES "${HalideSDK_INCLUDE_DIR}"
    INTERFACE_COMPILE_DEFINITIONS "HALIDE_ENABLE_RTTI;HALIDE_WITH_EXCEPTIONS"
    INTERFACE_LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS}")
endif()
