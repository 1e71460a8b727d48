// names.h - the names that a generated library gives to its symbols and files.
//
//   table_symbol("my_layers", "model::encoder")
//       // attn_my_layers_model_encoder
//   path_symbol("my_layers", "model::encoder", "avx512", "output")
//       // attn_my_layers_model_encoder_avx512_output
//
// Only the tables are visible outside of a library; everything begins with attn_<library>_, so that
// two libraries never meet.
#pragma once
#include <string>
#include <string_view>

namespace attnc {

/// `text` as a C identifier: "::" becomes "_", so does every other character that an identifier may
/// not have; a leading digit and an empty text get a "_" in front, a keyword of C++ gets one
/// behind.
std::string identifier(std::string_view text);

std::string table_symbol(std::string_view library, std::string_view layer);
std::string path_symbol(std::string_view library, std::string_view layer, std::string_view target,
                        std::string_view path);
/// What kernels of a library call for memory and threads; `what` is "malloc", "free" or
/// "do_par_for". The dots keep it apart from every layer's name.
std::string shim_symbol(std::string_view library, std::string_view what);
/// "encoder.attn.h": the layer's own name, without its namespaces.
std::string header_file(std::string_view layer);
/// "encoder" of "model::encoder", as an identifier.
std::string short_name(std::string_view layer);

}  // namespace attnc
