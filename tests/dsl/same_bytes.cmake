# Every compiler writes the same section .attn, and that is all that the build reads.
set(first "")
foreach(compiler IN LISTS COMPILERS)
  get_filename_component(name "${compiler}" NAME)
  execute_process(COMMAND ${compiler} -std=c++20 -I${INCLUDE} -c ${SOURCE} -o ${TO}.${name}.o
                          COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${OBJCOPY} -O binary -j .attn ${TO}.${name}.o ${TO}.${name}.bin
                          COMMAND_ERROR_IS_FATAL ANY)
  file(SIZE ${TO}.${name}.bin size)
  if(size LESS 1000)
    message(FATAL_ERROR "${name} makes a section of ${size} bytes")
  endif()
  file(SHA256 ${TO}.${name}.bin hash)
  if(first AND NOT hash STREQUAL first)
    message(FATAL_ERROR "${name} makes another section than the compiler before")
  endif()
  set(first ${hash})
endforeach()
