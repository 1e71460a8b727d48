# Compiles SOURCE with COMPILER: it must fail, and say what its first line expects. Its twin, with
# -DGOOD, must compile: so it fails for no other reason.
#
#   cmake -DCOMPILER=g++ -DSOURCE=mask.cpp -DINCLUDE=dsl/include -P must_fail.cmake
set(ENV{LC_ALL} C)
set(command ${COMPILER} -std=c++20 -Wall -Wextra -Werror -fsyntax-only -I${INCLUDE})

file(READ "${SOURCE}" text LIMIT 1000)
if(NOT text MATCHES "^// expect: ([^\n]+)\n")
  message(FATAL_ERROR "${SOURCE} does not begin with `// expect: a sentence`")
endif()
set(expected "${CMAKE_MATCH_1}")

execute_process(
  COMMAND ${command} -DGOOD "${SOURCE}"
  RESULT_VARIABLE result
  ERROR_VARIABLE errors)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "the passing twin does not compile:\n${errors}")
endif()

execute_process(
  COMMAND ${command} "${SOURCE}"
  RESULT_VARIABLE result
  ERROR_VARIABLE errors)
if(result EQUAL 0)
  message(FATAL_ERROR "it compiles, and should say: ${expected}")
endif()
string(FIND "${errors}" "${expected}" at)
if(at EQUAL -1)
  message(FATAL_ERROR "it should say\n  ${expected}\nand says\n${errors}")
endif()
