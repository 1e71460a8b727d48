# What must_fail.cmake found out about one file.
#
#   cmake -DVERDICT=verdicts/num_heads.txt -P verdict.cmake
if(NOT EXISTS "${VERDICT}")
  message(FATAL_ERROR "${VERDICT} is not there: the test compile_fail.batch makes it")
endif()
file(READ "${VERDICT}" verdict)
if(NOT verdict STREQUAL "passed")
  message(FATAL_ERROR "${verdict}")
endif()
