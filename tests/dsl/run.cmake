# Builds the tests with another compiler, and runs them.
list(TRANSFORM SOURCES PREPEND "${FROM}/")
execute_process(
  COMMAND ${COMMAND} -O0 "-DSOURCE_ROOT=\"${SOURCE_ROOT}\"" ${SOURCES} -lgtest -lgtest_main -pthread -o ${TO} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${TO} --gtest_brief=1 COMMAND_ERROR_IS_FATAL ANY)
