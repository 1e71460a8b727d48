#include "files/file_kind.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "files/safetensors_header.h"
#include "text.h"

namespace attn {
namespace {

using std::string_view_literals::operator""sv;

FileDescription other(std::string sentence) { return {FileKind::other, std::move(sentence)}; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return " \t\r\n"sv.find(c) != std::string_view::npos; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Whether `s` starts with `lower`, ignoring case; `lower` is in lower case.
bool starts_with_any_case(std::string_view s, std::string_view lower) {
  return s.size() >= lower.size() &&
         std::equal(lower.begin(), lower.end(), s.begin(),
                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); });
}

bool contains(std::string_view s, std::string_view part) { return s.find(part) != s.npos; }

/// The format begins with the header's length in 8 bytes and the header, which begins with '{'.
bool is_safetensors(std::string_view start) {
  uint64_t length = 0;
  if (start.size() <= sizeof length) return false;
  std::memcpy(&length, start.data(), sizeof length);
  return length >= 2 && length <= longest_safetensors_header && start[sizeof length] == '{';
}

/// Protocols 2 to 5: the byte 0x80, the protocol, and an opcode, which is never zero.
bool is_pickle(std::string_view start) {
  return start.size() > 2 && start[0] == '\x80' && start[1] >= 2 && start[1] <= 5 &&
         start[2] != '\0';
}

/// Describes a zip archive by the name of its first entry.
FileDescription describe_zip(std::string_view start) {
  // A local header: 26 bytes, the lengths of the name and of the extra field (2 bytes each), the
  // name.
  constexpr size_t length_at = 26, name_at = 30;
  uint16_t length = 0;
  if (start.size() > name_at) std::memcpy(&length, start.data() + length_at, sizeof length);
  const std::string_view name = length == 0 ? std::string_view() : start.substr(name_at, length);
  if (name.ends_with(".npy")) {
    return other("is a NumPy archive (.npz): save its arrays as safetensors");
  }
  for (std::string_view end : {"/data.pkl"sv, "/byteorder"sv, "/.format_version"sv, "/version"sv}) {
    if (name.ends_with(end)) {
      return other("is a PyTorch file (.bin, .pt, .pth): save its tensors as safetensors");
    }
  }
  for (std::string_view keras : {"metadata.json"sv, "config.json"sv, "model.weights.h5"sv}) {
    if (name == keras) {
      return {FileKind::zip,
              "is a Keras model (.keras): open it with attn::KerasFile, or save its weights as "
              "safetensors"};
    }
  }
  return {FileKind::zip,
          "is a zip archive: open it with attn::KerasFile if it is a .keras model, else unpack it"};
}

/// Removes a byte order mark and white space from the front.
std::string_view without_space(std::string_view s) {
  if (s.starts_with("\xef\xbb\xbf")) s.remove_prefix(3);
  while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
  return s;
}

FileDescription describe_text(std::string_view start) {
  const std::string_view text_start = without_space(start);
  auto has = [&](std::string_view lower) { return starts_with_any_case(text_start, lower); };
  if (has("<!doctype html") || has("<html") || has("<head") || has("<!--")) {
    return other(
        "is an HTML page that was saved in place of the file: download the file itself, signed in "
        "where the site asks for it");
  }
  if (text_start.size() > 1 && text_start[0] == '<' &&
      (text_start[1] == '?' || text_start[1] == '!' || is_letter(text_start[1]))) {
    return other(
        "is an XML page, such as a server's error, that was saved in place of the file: download "
        "the file itself");
  }
  if (text_start.starts_with('{') || text_start.starts_with('[')) {
    if (contains(text_start, "\"weight_map\"")) {
      return other(
          "is the index of weights in several files (shards), and holds none: open the files that "
          "it names, or merge them into one");
    }
    return other("is JSON, such as a config, and holds no weights: give the file that does");
  }
  const std::string_view line = text_start.substr(0, text_start.find_first_of("\r\n"));
  return other(text("is text that begins with ", quoted(line),
                    ", and holds no weights: download or give the file that does"));
}

/// Whether there are no control characters except white space, and the first 8 bytes (where words
/// say what the text is) are ASCII.
bool is_text(std::string_view start) {
  const std::string_view words = without_space(start);
  const size_t ascii = std::min<size_t>(words.size(), 8);
  return ascii > 0 && std::all_of(words.begin(), words.end(), [&](const char& c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < ' ' ? is_space(c) : byte < 0x7f || (byte >= 0x80 && &c >= &words[ascii]);
         });
}

}  // namespace

FileDescription describe_file(std::string_view start) {
  if (start.empty()) return other("is empty: copy or download it again");
  if (is_safetensors(start)) {
    return {FileKind::safetensors, "is a safetensors file: open it with attn::SafeTensors"};
  }
  if (start.starts_with("\x89HDF\r\n\x1a\n"sv)) {
    return {FileKind::hdf5,
            "is an HDF5 file (Keras's .weights.h5 and .h5 are): open it with attn::KerasFile, or "
            "save its weights as safetensors"};
  }
  if (start.starts_with("PK\3\4"sv)) return describe_zip(start);
  if (start.starts_with("version https://git-lfs"sv) ||
      start.starts_with("version https://hawser"sv)) {
    return other(
        "is a Git LFS pointer, not the file that it stands for: run `git lfs pull` in its "
        "repository, or download the file itself");
  }
  if (start.starts_with("GGUF"sv)) {
    return other("is a GGUF file: convert its weights to safetensors");
  }
  if (start.starts_with("\x93NUMPY"sv)) {
    return other("is a NumPy array (.npy): save it as safetensors, under its name");
  }
  struct Compressed {
    std::string_view start, name;
  };
  static constexpr Compressed compressed[] = {{"\x1f\x8b\x08"sv, "gzip"},
                                              {"BZh"sv, "bzip2"},
                                              {"\xfd\x37zXZ\0"sv, "xz"},
                                              {"\x28\xb5\x2f\xfd"sv, "zstd"}};
  for (const Compressed& one : compressed) {
    if (start.starts_with(one.start)) {
      return other(text("is compressed with ", one.name, ": decompress it first"));
    }
  }
  if (is_pickle(start)) {
    return other(
        "is a Python pickle, as in older PyTorch files (.bin, .pt), which is not read because it "
        "can run code: save its tensors as safetensors");
  }
  if (is_text(start)) return describe_text(start);
  return {};
}

std::string shard_note(std::string_view path) {
  const size_t slash = path.rfind('/');
  const std::string_view name = slash == path.npos ? path : path.substr(slash + 1);
  constexpr size_t digits = 5;
  auto number_at = [&](size_t at) {
    const std::string_view number = at < name.size() ? name.substr(at, digits) : "";
    return number.size() == digits && std::all_of(number.begin(), number.end(), is_digit)
               ? number
               : std::string_view();
  };
  // model-00001-of-00002.safetensors
  if (const size_t of = name.find("-of-"); of != name.npos && of > digits) {
    const std::string_view which = number_at(of - digits), count = number_at(of + 4);
    if (!which.empty() && !count.empty() && name[of - digits - 1] == '-' && count != "00001") {
      return text("; by its name the file is shard ", which, " of ", count,
                  ": open all shards and load from their tensors by name, or merge them into one "
                  "file");
    }
  }
  // model_00000.weights.h5
  constexpr std::string_view keras = ".weights.h5";
  if (name.ends_with(keras) && name.size() > keras.size() + digits) {
    const size_t at = name.size() - keras.size() - digits;
    if (name[at - 1] == '_' && !number_at(at).empty()) {
      return "; by its name the file is one shard of several: load its .weights.json in Keras and "
             "save the weights in one file";
    }
  }
  return {};
}

}  // namespace attn
