# Each header of the language compiles on its own.
file(GLOB headers "${INCLUDE}/attn/*.h")
if(NOT headers)
  message(FATAL_ERROR "there is no header in ${INCLUDE}/attn")
endif()
foreach(header IN LISTS headers)
  execute_process(
    COMMAND ${COMMAND} -fsyntax-only -include ${header} -x c++ /dev/null
    RESULT_VARIABLE result
    ERROR_VARIABLE errors)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${header} does not compile alone:\n${errors}")
  endif()
endforeach()
