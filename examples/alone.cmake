# Builds a folder of examples/ as a project of its own, as a user would: with attnc's sources (SOURCE) by add_subdirectory, and
# the attnc program from elsewhere, so that this test does not build it again; or with an installation of the build folder
# INSTALLED. Then runs the program, and checks that a second build does not make the layers again. At -O1, as compiling takes
# most of the time. OPTIONS: further options for configuring the example.
file(REMOVE_RECURSE "${FOLDER}")
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(code)
    string(JOIN " " command ${ARGV})
    message(FATAL_ERROR "${command} failed:\n${out}")
  endif()
  set(out "${out}" PARENT_SCOPE)
endfunction()
if(INSTALLED)
  run(${CMAKE_COMMAND} --install ${INSTALLED} --prefix ${FOLDER}/prefix)
  set(from -DCMAKE_PREFIX_PATH=${FOLDER}/prefix)
else()
  set(from -DATTNC_SOURCE=${SOURCE} -DATTN_BUILD_GENERATOR=OFF -DATTNC_EXECUTABLE=${ATTNC})
endif()
run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${EXAMPLE} -B ${FOLDER} -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O1
    -DCMAKE_CXX_COMPILER=${CXX} ${from} ${OPTIONS})
run(${CMAKE_COMMAND} --build ${FOLDER})
run(${FOLDER}/${PROGRAM})
run(${CMAKE_COMMAND} --build ${FOLDER})
if(out MATCHES "Compiling the layers")
  message(FATAL_ERROR "a second build made the layers again:\n${out}")
endif()
