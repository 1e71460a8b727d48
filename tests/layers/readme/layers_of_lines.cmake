# layers_of_lines(FILES a.md b.md HEADER layers.h INCLUDES all.h): writes a layer for every line of the files that begins
# with a field of a layer (`.mask = `, `.score_mod = `, `.sink = `, `.probability = `), and a header that includes the typed
# headers of all these layers. The tables, masks and functions that the lines need are declared in the files too, one per
# line: `inline constexpr attn::Table bias{"bias"};`.
function(layers_of_lines)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "HEADER;INCLUDES" "FILES")
  set(declarations "")
  set(layers "")
  set(names "")
  set(includes "")
  foreach(file IN LISTS arg_FILES)
    file(READ "${file}" text)
    # Characters with a meaning in CMake's lists are replaced until the text is written.
    string(REPLACE "\\" "@BACKSLASH@" text "${text}")
    string(REPLACE "[" "@OPEN@" text "${text}")
    string(REPLACE "]" "@CLOSE@" text "${text}")
    string(REPLACE ";" "@SEMICOLON@" text "${text}")
    string(REPLACE "\n" ";" lines "${text}")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE "//.*$" "" line "${line}")
      string(STRIP "${line}" line)
      if(line MATCHES "^inline constexpr attn::(Table|TruthTable|Mask|ScoreMod|SinkLogit) ([a-z_]+)(.*)@SEMICOLON@$")
        set(declared "${CMAKE_MATCH_2}")
        if(NOT DEFINED said_${declared})
          set(said_${declared} "${line}")
          string(APPEND declarations "${line}\n")
        elseif(NOT said_${declared} STREQUAL line)
          message(FATAL_ERROR "${file} declares `${declared}` in other words than before: ${line}")
        endif()
      elseif(line MATCHES "^\\.(mask|score_mod|sink|probability) = (.*[^,]),?$")
        set(field "${CMAKE_MATCH_1}")
        set(value "${CMAKE_MATCH_2}")
        # The name consists of the words that distinguish the lines.
        string(REGEX REPLACE "^@OPEN@@CLOSE@\\([^)]*\\) { return " "" name "${value}")
        set(name "${field} ${name}")
        string(REPLACE "!" " not " name "${name}")
        string(REPLACE "|" " or " name "${name}")
        string(REGEX REPLACE "@[A-Z]+@" " " name "${name}")
        string(REGEX REPLACE "attn::" " " name "${name}")
        string(REGEX REPLACE "[^A-Za-z0-9]+" "_" name "${name}")
        string(SUBSTRING "${name}" 0 60 name)
        string(REGEX REPLACE "_+$" "" name "${name}")
        string(TOLOWER "${name}" name)
        if(DEFINED value_of_${name})
          if(value_of_${name} STREQUAL value)
            continue()
          endif()
          message(FATAL_ERROR "two lines make the name `${name}`: ${value_of_${name}} and ${value}")
        endif()
        set(value_of_${name} "${value}")
        list(APPEND names ${name})
        set(host "attn::DotProductAttention{\n    .num_query_heads = 4,\n    .num_key_value_heads = 2,\n    .head_dim = 8,")
        if(value MATCHES "neighbourhood|queries@OPEN@|keys@OPEN@")
          set(host "attn::MultiHeadAttention{\n    .num_heads = 2,\n    .key_dim = 4,\n    .attention_axes = {1, 2},")
        endif()
        string(APPEND layers "inline constexpr auto ${name} = attn::layer(${host}\n    .${field} = ${value},\n})@SEMICOLON@\n")
        string(APPEND includes "#include \"readme_layers/${name}.attn.h\"\n")
      endif()
    endforeach()
  endforeach()
  list(LENGTH names count)
  if(count LESS 20)
    message(FATAL_ERROR "only ${count} lines of ${arg_FILES} are fields of layers")
  endif()
  list(JOIN names ",\n                            " list)
  set(text "// Written by tests/layers/readme/layers_of_lines.cmake: a layer of every line of the READMEs.
#pragma once
#include \"attn/attn.h\"

namespace readme {

${declarations}
${layers}
using layers = attn::Layers<${list}>@SEMICOLON@

}  // namespace readme
")
  string(REPLACE "@BACKSLASH@" "\\" text "${text}")
  string(REPLACE "@OPEN@" "[" text "${text}")
  string(REPLACE "@CLOSE@" "]" text "${text}")
  string(REPLACE "@SEMICOLON@" ";" text "${text}")
  file(CONFIGURE OUTPUT "${arg_HEADER}" CONTENT "${text}" @ONLY)
  file(CONFIGURE OUTPUT "${arg_INCLUDES}" CONTENT "// Written by tests/layers/readme/layers_of_lines.cmake.
${includes}" @ONLY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${arg_FILES})
endfunction()
