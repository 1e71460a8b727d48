# Checks that one file does not compile, with the expected sentence. If the test compile_fail.batch has just compiled all
# files, its verdict on this file is used, once. Otherwise the file is compiled alone, and then with -DGOOD; `ctest -V` shows
# what the compiler prints.
#
#   cmake -DNAME=num_heads "-DCOMMAND=g++;-std=c++20;-fsyntax-only;-Idsl/include;-Itests/compile_fail"
#         -DFROM=tests/compile_fail -DHEADERS=dsl/include -DVERDICTS=verdicts -P verdict.cmake
cmake_minimum_required(VERSION 3.25)
set(file "${VERDICTS}/${NAME}.txt")
# An old verdict, left by an interrupted run, says nothing about later changes.
file(GLOB_RECURSE changed "${HEADERS}/*.h")
foreach(source IN LISTS changed ITEMS "${FROM}/${NAME}.cpp" "${FROM}/must_fail.cmake")
  if("${source}" IS_NEWER_THAN "${file}")
    file(REMOVE "${file}")
  endif()
endforeach()

if(NOT EXISTS "${file}")
  set(SOURCES ${NAME}.cpp)
  set(ALL "${VERDICTS}/alone/${NAME}/all.cpp")
  set(TO "${VERDICTS}/alone/${NAME}/verdict")
  set(file "${TO}/${NAME}.txt")
  include(${CMAKE_CURRENT_LIST_DIR}/write_all.cmake)
  write_all("${ALL}" ${SOURCES})
  include(${CMAKE_CURRENT_LIST_DIR}/must_fail.cmake)
  message("${errors}")
  execute_process(COMMAND ${COMMAND} -DGOOD "${ALL}" RESULT_VARIABLE result ERROR_VARIABLE errors)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${NAME}.cpp with -DGOOD should compile, and says\n${errors}")
  endif()
endif()
file(READ "${file}" verdict)
file(REMOVE "${file}")
if(NOT verdict STREQUAL "passed")
  message(FATAL_ERROR "${verdict}")
endif()
