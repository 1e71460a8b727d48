// names.h - the names that a generated library gives to its symbols and files.
//
//   table_symbol("my_layers", "model::encoder")
//       // attn_my_layers_model_encoder
//   path_symbol("my_layers", "model::encoder", "avx512", "output")
//       // attn_my_layers_model_encoder_avx512_output
//
// Only the tables are visible outside a library. All symbols begin with attn_<library>_ (or
// attn.<library>.), so that those of two libraries never collide.
#pragma once
#include <string>
#include <string_view>

namespace attnc {

/// `text` as a C identifier: "::" becomes "_", and so does every other character that an identifier
/// may not contain. A leading digit or an empty text gets a "_" in front, a C++ keyword one behind.
std::string identifier(std::string_view text);

std::string table_symbol(std::string_view library, std::string_view layer);
std::string path_symbol(std::string_view library, std::string_view layer, std::string_view variant,
                        std::string_view path);
/// A target's variant for processors with so many pipes, 0 for any: "avx512_two_pipes", "avx512".
std::string variant_name(std::string_view target, int pipes);
/// The function that kernels of a library call for memory or threads; `what` is "malloc", "free" or
/// "do_par_for". The dots keep it distinct from the symbols of every layer.
std::string shim_symbol(std::string_view library, std::string_view what);
/// A symbol of a kernel that paths of one target in a library share, such as a projection's
/// (plan/projection_kernel.h): "attn.my_layers.avx512.project_...".
std::string shared_symbol(std::string_view library, std::string_view target,
                          std::string_view symbol);
/// "encoder.attn.h" for "model::encoder": the layer's own name, without its namespaces.
std::string header_file(std::string_view layer);
/// "encoder" for "model::encoder", as an identifier.
std::string short_name(std::string_view layer);

}  // namespace attnc
