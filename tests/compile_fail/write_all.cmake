# write_all(FILE SOURCES...): writes a file that includes all sources, each in its own namespace.
function(write_all file)
  set(all "#include \"attn/attn.h\"\n")
  foreach(source IN LISTS ARGN)
    get_filename_component(name "${source}" NAME_WE)
    string(APPEND all "namespace of_${name} {\n#include \"${source}\"\n}\n")
  endforeach()
  file(CONFIGURE OUTPUT "${file}" CONTENT "${all}" @ONLY)
endfunction()
