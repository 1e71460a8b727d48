# Users' builds with an installed attnc: what a project may expect of attn_add_layers and find_package.
#
#   cmake -DWHAT=two|again|configurations|package|components -DBUILD=<build folder> -DSOURCE=tests/install/builds
#         -DFOLDER=<scratch> -DCXX=g++ -P builds.cmake
cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
file(REMOVE_RECURSE ${FOLDER})
set(prefix ${FOLDER}/attnc)
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})

# configure(GENERATOR source folder arguments...)
function(configure generator source folder)
  run(${CMAKE_COMMAND} -G ${generator} -S ${source} -B ${folder} -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_PREFIX_PATH=${prefix}
      ${ARGN})
endfunction()

# build(folder times arguments...): expects that layers are compiled this many times.
function(build folder times)
  run(${CMAKE_COMMAND} --build ${folder} ${ARGN})
  string(REGEX MATCHALL "Compiling the layers" lines "${out}")
  list(LENGTH lines count)
  if(NOT count EQUAL times)
    message(FATAL_ERROR "layers were compiled ${count} times and not ${times}:\n${out}")
  endif()
endfunction()

# there(TRUE|FALSE files...): expects that the files exist, or do not.
function(there expected)
  foreach(file IN LISTS ARGN)
    set(found FALSE)
    if(EXISTS "${file}")
      set(found TRUE)
    endif()
    if(NOT found STREQUAL expected)
      message(FATAL_ERROR "${file}: there is ${found}, expected ${expected}")
    endif()
  endforeach()
endfunction()

if(WHAT STREQUAL two)
  configure(Ninja ${SOURCE}/two ${FOLDER}/build -DCMAKE_BUILD_TYPE=Release)
  build(${FOLDER}/build 2)
  run(${FOLDER}/build/app)
  build(${FOLDER}/build 0)
elseif(WHAT STREQUAL again)
  foreach(generator Ninja "Unix Makefiles")
    set(folder "${FOLDER}/a (${generator}) ä")
    file(COPY ${SOURCE}/one DESTINATION "${folder}")
    set(made "${folder}/build/attn/my_layers")
    set(configure ${CMAKE_COMMAND} -G ${generator} -S "${folder}/one" -B "${folder}/build" -DCMAKE_CXX_COMPILER=${CXX}
        -DCMAKE_BUILD_TYPE=Debug -DCMAKE_PREFIX_PATH=${prefix})
    run(${configure} -DSECOND=ON)
    build("${folder}/build" 1)
    build("${folder}/build" 0)
    there(TRUE "${made}/my_layers/dense.attn.h" "${made}/my_layers/other.attn.h" "${made}/my_layers/stages/other.graph.mlir")
    # Deleted files are made again, once: a header; files that no program uses; copies, for which nothing is compiled.
    foreach(files "1|my_layers/dense.attn.h" "1|libmy_layers.so|my_layers/stages/dense.graph.mlir"
                  "0|shared/libmy_layers.so|my_layers/layers.h")
      string(REPLACE "|" ";" files "${files}")
      list(POP_FRONT files times)
      list(TRANSFORM files PREPEND "${made}/")
      file(REMOVE ${files})
      build("${folder}/build" ${times})
      there(TRUE ${files})
      build("${folder}/build" 0)
    endforeach()
    # The files of a removed layer are removed too. A change in an included header counts.
    run(${configure} -DSECOND=OFF)
    file(WRITE "${folder}/one/description/sizes.h" "#pragma once\ninline constexpr int size = 5;\n")
    build("${folder}/build" 1)
    there(FALSE "${made}/my_layers/other.attn.h" "${made}/my_layers/stages/other.graph.mlir")
    run("${folder}/build/app")
  endforeach()
elseif(WHAT STREQUAL configurations)
  configure("Ninja Multi-Config" ${SOURCE}/one ${FOLDER}/build)
  foreach(times 1 0 0)  # once per configuration, and not again at each switch
    foreach(configuration Debug Release)
      build(${FOLDER}/build ${times} --config ${configuration})
      run(${FOLDER}/build/${configuration}/app)
    endforeach()
  endforeach()
elseif(WHAT STREQUAL package)
  # A static library whose layers are in a package of their own, and a shared one with its layers in the same package.
  foreach(shared OFF ON)
    set(folder ${FOLDER}/${shared})
    configure(Ninja ${SOURCE}/package ${folder}/build -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=${shared}
              -DTOGETHER=${shared})
    build(${folder}/build 1)
    run(${CMAKE_COMMAND} --install ${folder}/build --prefix ${folder}/first)
    file(RENAME ${folder}/first ${folder}/mine)  # the tree can be moved
    file(REMOVE_RECURSE ${folder}/build)
    configure(Ninja ${SOURCE}/package/consumer ${folder}/consumer -DCMAKE_BUILD_TYPE=Release
              -Dmine_ROOT=${folder}/mine -Dattn_my_layers_ROOT=${folder}/mine)
    run(${CMAKE_COMMAND} --build ${folder}/consumer)
    run(${folder}/consumer/app)
  endforeach()
  # Layers that only programs use are not installed.
  configure(Ninja ${SOURCE}/one ${FOLDER}/program)
  run(${CMAKE_COMMAND} --install ${FOLDER}/program --prefix ${FOLDER}/nothing)
  there(FALSE ${FOLDER}/nothing)
elseif(WHAT STREQUAL components)
  file(COPY ${prefix}/ DESTINATION ${FOLDER}/bare PATTERN "*[Kk]eras*[Tt]argets*" EXCLUDE PATTERN "libattn_keras_files.a" EXCLUDE)
  set(with "")
  if(EXISTS ${prefix}/lib/libattn_keras_files.a)
    set(with -DWHOLE=${prefix})
  endif()
  run(${CMAKE_COMMAND} -G Ninja -S ${SOURCE}/components -B ${FOLDER}/build -DCMAKE_CXX_COMPILER=${CXX}
      -DBARE=${FOLDER}/bare ${with})
else()
  message(FATAL_ERROR "there is no test ${WHAT}")
endif()
