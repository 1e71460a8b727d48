# Finds MLIR 22 in LLVM's own packages (Debian: libmlir-22-dev llvm-22-dev mlir-22-tools).
#
#   include(MLIR22)
#   target_link_libraries(mine PUBLIC attnc_mlir)      # headers and the shared libraries
#   mlir_tablegen(...)                                 # and LLVM's TableGen functions
#
# find_package names no version, because LLVM's version file accepts only an equal major.minor.
find_package(MLIR REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
if(NOT LLVM_VERSION_MAJOR EQUAL 22)
  message(FATAL_ERROR
          "MLIR 22 is wanted, and ${MLIR_DIR} has ${LLVM_PACKAGE_VERSION}: install libmlir-22-dev, "
          "or pass -DMLIR_DIR=<llvm 22>/lib/cmake/mlir")
endif()
list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)

# RTTI and exceptions stay on: Debian's LLVM has RTTI, and Halide in the same program needs both.
if(NOT TARGET attnc_mlir)
  add_library(attnc_mlir INTERFACE)
  target_include_directories(attnc_mlir SYSTEM INTERFACE ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
  # With "MLIR" alone, linking fails with "DSO missing": LLVM's symbols are in a library of their own.
  target_link_libraries(attnc_mlir INTERFACE MLIR LLVM)
endif()
