#include "emit/names.h"

#include <algorithm>
#include <array>

#include "attn/runtime/cpu.h"

namespace attnc {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The reserved words of C++20, sorted.
constexpr std::array<std::string_view, 92> keywords = {
    "alignas",       "alignof",     "and",
    "and_eq",        "asm",         "auto",
    "bitand",        "bitor",       "bool",
    "break",         "case",        "catch",
    "char",          "char16_t",    "char32_t",
    "char8_t",       "class",       "co_await",
    "co_return",     "co_yield",    "compl",
    "concept",       "const",       "const_cast",
    "consteval",     "constexpr",   "constinit",
    "continue",      "decltype",    "default",
    "delete",        "do",          "double",
    "dynamic_cast",  "else",        "enum",
    "explicit",      "export",      "extern",
    "false",         "float",       "for",
    "friend",        "goto",        "if",
    "inline",        "int",         "long",
    "mutable",       "namespace",   "new",
    "noexcept",      "not",         "not_eq",
    "nullptr",       "operator",    "or",
    "or_eq",         "private",     "protected",
    "public",        "register",    "reinterpret_cast",
    "requires",      "return",      "short",
    "signed",        "sizeof",      "static",
    "static_assert", "static_cast", "struct",
    "switch",        "template",    "this",
    "thread_local",  "throw",       "true",
    "try",           "typedef",     "typeid",
    "typename",      "union",       "unsigned",
    "using",         "virtual",     "void",
    "volatile",      "wchar_t",     "while",
    "xor",           "xor_eq"};
static_assert(std::is_sorted(keywords.begin(), keywords.end()));

}  // namespace

std::string identifier(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "::")
      ++i, out += '_';
    else
      out += is_letter(text[i]) || is_digit(text[i]) ? text[i] : '_';
  }
  if (out.empty() || is_digit(out[0])) out.insert(0, "_");
  if (std::binary_search(keywords.begin(), keywords.end(), std::string_view(out))) out += '_';
  return out;
}

std::string table_symbol(std::string_view library, std::string_view layer) {
  // A layer from JSON is in a namespace with the library's name, which is not repeated.
  const std::string own = std::string(library) + "::";
  if (layer.substr(0, own.size()) == own) layer.remove_prefix(own.size());
  return "attn_" + identifier(library) + "_" + identifier(layer);
}

std::string path_symbol(std::string_view library, std::string_view layer, std::string_view variant,
                        std::string_view path) {
  return table_symbol(library, layer) + "_" + identifier(variant) + "_" + identifier(path);
}

std::string variant_name(std::string_view target, int pipes) {
  std::string name(target);
  return pipes == 0 ? name : name + "_" + attn::pipe_names.at(static_cast<size_t>(pipes));
}

std::string shim_symbol(std::string_view library, std::string_view what) {
  return "attn." + identifier(library) + "." + std::string(what);
}

std::string shared_symbol(std::string_view library, std::string_view target,
                          std::string_view symbol) {
  return "attn." + identifier(library) + "." + identifier(target) + "." + std::string(symbol);
}

std::string short_name(std::string_view layer) {
  const size_t colon = layer.rfind("::");
  return identifier(colon == layer.npos ? layer : layer.substr(colon + 2));
}

std::string header_file(std::string_view layer) { return short_name(layer) + ".attn.h"; }

}  // namespace attnc
