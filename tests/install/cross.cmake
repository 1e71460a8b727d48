# A project compiled for 64-bit ARM on this machine. The runtime is built from sources with a toolchain file and without the
# generator, and installed into its own prefix; tests/install/downstream is built against that prefix with this machine's
# attnc. All outputs must be for ARM. If there is an emulator (qemu-aarch64), the program runs on it.
#
#   cmake -DATTNC=bin/attnc -DATTN_SOURCE=. -DSOURCE=tests/install/downstream -DFOLDER=<scratch> -DGENERATOR=Ninja
#         -DREADELF=readelf -P cross.cmake
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
set(toolchain ${CMAKE_CURRENT_LIST_DIR}/aarch64.cmake)
file(REMOVE_RECURSE ${FOLDER}/downstream ${FOLDER}/prefix)  # the runtime's build stays, as it takes a while
run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${ATTN_SOURCE} -B ${FOLDER}/runtime -DCMAKE_TOOLCHAIN_FILE=${toolchain}
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O1 -DCMAKE_UNITY_BUILD=ON -DATTN_BUILD_GENERATOR=OFF
    -DATTN_BUILD_TESTS=OFF -DATTN_BUILD_EXAMPLES=OFF)
run(${CMAKE_COMMAND} --build ${FOLDER}/runtime)
run(${CMAKE_COMMAND} --install ${FOLDER}/runtime --prefix ${FOLDER}/prefix)
run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${SOURCE} -B ${FOLDER}/downstream -DCMAKE_TOOLCHAIN_FILE=${toolchain}
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH=${FOLDER}/prefix -Dattnc_ROOT=${FOLDER}/prefix
    -DATTNC_EXECUTABLE=${ATTNC})
run(${CMAKE_COMMAND} --build ${FOLDER}/downstream)

set(archive ${FOLDER}/downstream/attn/my_layers/libmy_layers.a)
file(GLOB_RECURSE section ${FOLDER}/downstream/*section.cpp.o)
foreach(file ${section} ${archive} ${FOLDER}/downstream/app)
  run(${READELF} -h ${file})
  if(NOT out MATCHES "Machine: +AArch64" OR out MATCHES "Machine: +Advanced Micro")
    message(FATAL_ERROR "${file} is not of 64-bit ARM alone:\n${out}")
  endif()
endforeach()
if(NOT section)
  message(FATAL_ERROR "there is no section object")
endif()

# Targets that cannot be in one library are refused before anything is made.
execute_process(COMMAND ${ATTNC} build ${section} -o ${FOLDER}/refused --name mixed --header layers.h --target avx2,neon
                RESULT_VARIABLE code ERROR_VARIABLE out)
if(NOT code EQUAL 1 OR NOT out MATCHES "avx2 .x86_64. and neon .aarch64. cannot be in one library")
  message(FATAL_ERROR "avx2 and neon in one library: exit ${code}, ${out}")
endif()
find_program(QEMU qemu-aarch64 qemu-aarch64-static)
if(QEMU)
  run(${QEMU} -L /usr/aarch64-linux-gnu ${FOLDER}/downstream/app)
  message(STATUS "${out}")
endif()
