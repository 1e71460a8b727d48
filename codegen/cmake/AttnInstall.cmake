# AttnInstall.cmake - what `cmake --install` installs: everything that a project with layers of its own needs.
#
#   <prefix>/include/attn/...                 language and runtime
#   <prefix>/lib/libattn_runtime.a
#   <prefix>/lib/libattn_keras_files.a        where it was built; find_package(attnc COMPONENTS keras_files)
#   <prefix>/lib/cmake/attnc/                 find_package(attnc): attn::runtime, attn::dsl, attn_add_layers()
#   <prefix>/bin/attnc                        where the generator was built (ATTN_BUILD_GENERATOR)
#   <prefix>/lib/attnc/libHalide.so           beside it, found by a path relative to attnc: the tree can be moved
#   <prefix>/share/doc/attnc/LICENSE
#
# For another machine: configure with its toolchain and -DATTN_BUILD_GENERATOR=OFF, install into a prefix of its own, and
# name the attnc of this machine with -DATTNC_EXECUTABLE where a project is built against that prefix.
# Not here: LLVM and MLIR, which are system packages; attn-opt, a tool for those who work on attnc.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(_package ${CMAKE_INSTALL_LIBDIR}/cmake/attnc)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/dsl/include/ ${PROJECT_SOURCE_DIR}/runtime/include/
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/attnc)
set_target_properties(attn_dsl PROPERTIES EXPORT_NAME dsl)
set_target_properties(attn_runtime PROPERTIES EXPORT_NAME runtime)
install(TARGETS attn_dsl attn_runtime EXPORT attncTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT attncTargets NAMESPACE attn:: DESTINATION ${_package})
# In an export of its own, because it needs HDF5 and libzip, which other projects need not have.
if(TARGET attn_keras_files)
  set_target_properties(attn_keras_files PROPERTIES EXPORT_NAME keras_files)
  install(TARGETS attn_keras_files EXPORT attncKerasFilesTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} OPTIONAL)
  install(EXPORT attncKerasFilesTargets NAMESPACE attn:: DESTINATION ${_package})
endif()
if(TARGET attnc)
  install(TARGETS attnc RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES ${HalideSDK_LIBRARY} DESTINATION ${CMAKE_INSTALL_LIBDIR}/attnc)
  get_filename_component(_site_packages "${HalideSDK_LIBRARY}/../../.." ABSOLUTE)
  file(GLOB _license "${_site_packages}/halide-*.dist-info/licenses/LICENSE*")
  if(_license)
    install(FILES ${_license} DESTINATION ${CMAKE_INSTALL_LIBDIR}/attnc RENAME libHalide.LICENSE.txt)
  endif()
endif()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/attncConfig.cmake.in ${PROJECT_BINARY_DIR}/attncConfig.cmake
  INSTALL_DESTINATION ${_package} PATH_VARS CMAKE_INSTALL_BINDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/attncConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/attncConfig.cmake ${PROJECT_BINARY_DIR}/attncConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/AttnAddLayers.cmake ${CMAKE_CURRENT_LIST_DIR}/attncKerasFiles.cmake DESTINATION ${_package})
