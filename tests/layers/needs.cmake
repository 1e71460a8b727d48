# A linked program needs none of the generator's libraries at run time.
#   cmake -DPROGRAM=<linked program> -P needs.cmake
execute_process(COMMAND readelf -d ${PROGRAM} OUTPUT_VARIABLE dynamic RESULT_VARIABLE code)
if(NOT code EQUAL 0 OR NOT dynamic MATCHES "NEEDED")
  message(FATAL_ERROR "readelf -d ${PROGRAM} did not list what the program needs:\n${dynamic}")
endif()
if(dynamic MATCHES "libHalide|libMLIR|libLLVM|libfmt")
  message(FATAL_ERROR "${PROGRAM} needs a library of the generator's:\n${dynamic}")
endif()
