# Compiles SOURCE with COMMAND: it must fail, and say what its first line expects.
#
#   cmake "-DCOMMAND=g++;-std=c++20;-fsyntax-only;-Idsl/include" -DSOURCE=mask.cpp -P must_fail.cmake
set(ENV{LC_ALL} C)

file(READ "${SOURCE}" text LIMIT 1000)
if(NOT text MATCHES "^// expect: ([^\n]+)\n")
  message(FATAL_ERROR "${SOURCE} does not begin with `// expect: a sentence`")
endif()
set(expected "${CMAKE_MATCH_1}")

execute_process(
  COMMAND ${COMMAND} "${SOURCE}"
  RESULT_VARIABLE result
  ERROR_VARIABLE errors)
if(result EQUAL 0)
  message(FATAL_ERROR "it compiles, and should say: ${expected}")
endif()
string(FIND "${errors}" "${expected}" at)
if(at EQUAL -1)
  message(FATAL_ERROR "it should say\n  ${expected}\nand says\n${errors}")
endif()
