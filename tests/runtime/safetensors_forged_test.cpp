// Files that are truncated, changed or forged: each yields an error, never a crash. Run under
// AddressSanitizer to find invalid reads.
#include <random>

#include "other_files.h"
#include "safetensors_files.h"

namespace {

using files::file;
using files::message;

const char* const good_header =
    R"({"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
    R"("b\u00e9":{"dtype":"BOOL","shape":[5],"data_offsets":[24,29]}})";

std::string good() { return file(good_header, std::string(29, '\x01')); }

/// Reads everything in the file.
void touch(const attn::SafeTensors& opened) {
  unsigned sum = 0;
  for (const std::string& name : opened.names()) {
    auto tensor = opened.find(name);
    if (!tensor.ok()) continue;
    const auto* data = static_cast<const unsigned char*>(tensor->data());
    const size_t bytes =
        static_cast<size_t>(tensor->shape().elements()) * attn::size_of(tensor->dtype());
    for (size_t i = 0; i < bytes; ++i) sum += data[i];
  }
  volatile unsigned keep = sum;
  (void)keep;
}

TEST(Forged, EveryPrefix) {
  const std::string bytes = good();
  ASSERT_TRUE(files::open(bytes).ok());
  for (size_t n = 0; n < bytes.size(); ++n) {
    auto cut = files::open(bytes.substr(0, n));
    ASSERT_FALSE(cut.ok()) << n;
    EXPECT_EQ(cut.status().code(), attn::StatusCode::invalid_file);
  }
  EXPECT_EQ(message(bytes.substr(0, 5)), "has 5 bytes: too few for a safetensors file");
  EXPECT_EQ(message(bytes.substr(0, 20)), "says that its header has " +
                                              std::to_string(std::string(good_header).size()) +
                                              " bytes, and only 12 follow: it is cut");
  EXPECT_EQ(message(bytes.substr(0, bytes.size() - 1)),
            "tensor `b\u00e9`: its data ends at byte 29 of 28: the file is cut");
  EXPECT_EQ(message(bytes + "x"), "has 30 bytes of data, its tensors take 29");
}

TEST(Forged, EveryByteFlipped) {
  const std::string bytes = good();
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ 1 << bit);
      auto opened = files::open(changed);
      if (opened.ok()) touch(*opened);
    }
  }
}

TEST(Forged, OtherKinds) {
  std::mt19937 random(7);
  for (const other_files::Sample& sample : other_files::samples()) {
    for (size_t n = 0; n <= sample.bytes.size(); ++n) {
      std::string changed = sample.bytes.substr(0, n);
      EXPECT_FALSE(files::open(changed).ok()) << changed;
      if (n > 0) changed[random() % n] = static_cast<char>(random());
      EXPECT_FALSE(files::open(changed).ok()) << changed;
    }
  }
}

TEST(Forged, RandomEdits) {
  std::mt19937 random(5);
  const std::string pieces[] = {"{",
                                "}",
                                "[",
                                "]",
                                ",",
                                ":",
                                "\"",
                                "\\",
                                "\\u",
                                "0",
                                "9",
                                "-",
                                " ",
                                "18446744073709551615",
                                "9223372036854775807",
                                "null",
                                "a",
                                "\xf0"};
  for (int round = 0; round < 3000; ++round) {
    std::string header = good_header;
    for (unsigned edits = 1 + random() % 3; edits > 0; --edits) {
      const size_t at = random() % header.size();
      const std::string& piece = pieces[random() % std::size(pieces)];
      if (random() % 2 == 0) {
        header.insert(at, piece);
      } else {
        header.replace(at, 1 + random() % 3, piece);
      }
    }
    auto opened = files::open(file(header, std::string(29, '\x01')));
    if (opened.ok()) touch(*opened);
  }
}

std::string one(const std::string& entry, size_t data = 4) {
  return message(file("{\"x\":" + entry + "}", std::string(data, 'x')));
}
std::string f32(const std::string& shape, const std::string& offsets, size_t data = 4) {
  return one(R"({"dtype":"F32","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}", data);
}

TEST(Forged, HeaderLengths) {
  EXPECT_EQ(message(file("{}", "", 0)), "has a header that does not begin with '{'");
  EXPECT_EQ(message(file("{}", "", 3)),
            "says that its header has 3 bytes, and only 2 follow: it is cut");
  EXPECT_EQ(message(file("{}", "", INT64_MAX)),
            "says that its header has 9223372036854775807 bytes, more than the 100000000 that the "
            "format allows: this is no safetensors file");
  EXPECT_EQ(message(std::string(8, '\xff') + "{}"),
            "says that its header has 18446744073709551615 bytes, more than the 100000000 that the "
            "format allows: this is no safetensors file");
  EXPECT_EQ(message(file(" {}", "")), "has a header that does not begin with '{'");
}

TEST(Forged, Offsets) {
  EXPECT_EQ(f32("[1]", "[4,0]"), "tensor `x`: its data_offsets run backwards, from 4 to 0");
  EXPECT_EQ(f32("[1]", "[0,3]"), "tensor `x`: its data_offsets span 3 bytes, its shape needs 4");
  EXPECT_EQ(f32("[2]", "[0,8]"), "tensor `x`: its data ends at byte 8 of 4: the file is cut");
  EXPECT_EQ(f32("[1]", "[4,8]", 8),
            "tensor `x`: its data begins at byte 4, expected 0: there is a hole before it");
  EXPECT_EQ(f32("[1]", "[0,4]", 8), "has 8 bytes of data, its tensors take 4");
  EXPECT_EQ(f32("[1]", "[9223372036854775804,9223372036854775807]"),
            "tensor `x`: its data_offsets span 3 bytes, its shape needs 4");
  EXPECT_EQ(f32("[0]", "[9223372036854775807,9223372036854775807]"),
            "tensor `x`: its data ends at byte 9223372036854775807 of 4: the file is cut");
  EXPECT_EQ(f32("[4611686018427387904,4]", "[0,4]"),
            "tensor `x`: the product of its shape is 2^63 bits or more");
  EXPECT_EQ(f32("[4294967296,4294967296]", "[0,0]"),
            "tensor `x`: the product of its shape is 2^63 bits or more");
  EXPECT_EQ(f32("[1]", "[0,18446744073709551620]"),
            "tensor `x`: header byte 69: a number of 2^63 or more");
  EXPECT_EQ(f32("[1]", "[-4,0]"),
            "tensor `x`: header byte 48: expected an integer that is not negative");
  EXPECT_EQ(f32("[1]", "[0]"), "tensor `x`: header byte 49: expected ','");
  EXPECT_EQ(f32("[1]", "[0,4,8]"), "tensor `x`: header byte 51: expected ']'");
  const std::string two =
      R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[3],"data_offsets":[)";
  EXPECT_EQ(message(file(two + "2,5]}}", "12345")),
            "tensor `b`: its data begins at byte 2, expected 3: it overlaps the one before");
  EXPECT_EQ(message(file(two + "4,7]}}", "1234567")),
            "tensor `b`: its data begins at byte 4, expected 3: there is a hole before it");
  EXPECT_EQ(one(R"({"dtype":"F4","shape":[3],"data_offsets":[0,1]})"),
            "tensor `x`: its shape does not fill whole bytes");
}

TEST(Forged, Entries) {
  EXPECT_EQ(one(R"({"dtype":"F31","shape":[1],"data_offsets":[0,4]})"),
            "tensor `x`: unknown dtype `F31`");
  EXPECT_EQ(one("{}"), "tensor `x`: header byte 7: `dtype` is missing");
  EXPECT_EQ(one(R"({"dtype":"F32"})"), "tensor `x`: header byte 20: `shape` is missing");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[]})"),
            "tensor `x`: header byte 31: `data_offsets` is missing");
  EXPECT_EQ(one(R"({"dtype":"F32","dtype":"F32"})"),
            "tensor `x`: header byte 28: `dtype` comes twice");
  EXPECT_EQ(one(R"({"strides":[1]})"),
            "tensor `x`: header byte 16: unknown key `strides`, expected "
            "dtype, shape, data_offsets");
  EXPECT_EQ(one("[]"), "tensor `x`: header byte 5: expected '{'");
  EXPECT_EQ(one("null"), "tensor `x`: header byte 5: expected '{'");
  EXPECT_EQ(f32("[1.0]", "[0,4]"),
            "tensor `x`: header byte 30: expected an integer, not a number with "
            "a point or an exponent");
  EXPECT_EQ(f32("[1e0]", "[0,4]"),
            "tensor `x`: header byte 30: expected an integer, not a number with "
            "a point or an exponent");
  EXPECT_EQ(f32("[01]", "[0,4]"), "tensor `x`: header byte 31: a number that begins with 0");
  EXPECT_EQ(f32("[-1]", "[0,4]"),
            "tensor `x`: header byte 29: expected an integer that is not negative");
  EXPECT_EQ(f32("[\"1\"]", "[0,4]"),
            "tensor `x`: header byte 29: expected an integer that is not negative");
}

TEST(Forged, Twice) {
  const std::string x = R"("x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  EXPECT_EQ(message(file("{" + x + "," + x + "}", "")), "tensor `x` comes twice in the header");
  const std::string escaped = R"("\u0078":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  EXPECT_EQ(message(file("{" + x + "," + escaped + "}", "")),
            "tensor `x` comes twice in the header");
  EXPECT_EQ(message(file(R"({"__metadata__":{"k":"1","k":"2"}})", "")),
            "metadata `k` comes twice in the header");
  EXPECT_EQ(message(file(R"({"__metadata__":{},"__metadata__":{}})", "")),
            "header byte 34: `__metadata__` comes twice");
}

TEST(Forged, Text) {
  EXPECT_EQ(message(file("{\"x", "")), "header byte 3: a string that does not end");
  EXPECT_EQ(message(file("{\"x\n\":", "")), "header byte 3: a control character in a string");
  EXPECT_EQ(message(file("{\"\\x\":", "")),
            "header byte 3: expected an escape that JSON has after '\\'");
  EXPECT_EQ(message(file("{\"\\u12g4\":", "")),
            "header byte 6: expected four hexadecimal digits after \\u");
  EXPECT_EQ(message(file("{\"\\ud800x\":", "")),
            "header byte 8: a high surrogate without a low one");
  EXPECT_EQ(message(file("{\"\\ud800\\u0041\":", "")),
            "header byte 14: a high surrogate without a low one");
  EXPECT_EQ(message(file("{\"\\udc00\":", "")),
            "header byte 8: a low surrogate without a high one");
  for (const char* bytes : {"\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                            "\xf4\x90\x80\x80", "\xf5", "\xe2\x82", "\xff"}) {
    EXPECT_EQ(message(file("{\"" + std::string(bytes) + "\":", "")),
              "header byte 2: bytes that are not UTF-8");
  }
  EXPECT_EQ(message(file("{", "")), "header byte 1: expected '\"', and the header ends");
  EXPECT_EQ(message(file("{}x", "")), "header byte 2: there is something after the header's end");
  EXPECT_EQ(message(file("{,}", "")), "header byte 1: expected '\"'");
  EXPECT_EQ(message(file(R"({"__metadata__":{"k":1}})", "")), "header byte 21: expected '\"'");
  EXPECT_EQ(message(file(R"({"__metadata__":null})", "")), "header byte 16: expected '{'");
  // Names that are not printable text.
  EXPECT_EQ(message(file("{\"\\u0007" + std::string(200, 'y') + "\":1}", "")),
            "tensor `?" + std::string(79, 'y') + "...`: header byte 210: expected '{'");
}

TEST(Forged, DeepNesting) {
  for (const char* open : {"{\"a\":", "[", "{"}) {
    std::string header = "{\"x\":";
    while (header.size() < 1000000) header += open;
    EXPECT_FALSE(files::open(file(header, "")).ok());
  }
  EXPECT_EQ(f32(std::string(100000, '['), "[0,4]"),
            "tensor `x`: header byte 29: expected an integer that is not negative");
}

TEST(Forged, ManyTensors) {
  std::string header = "{";
  for (int i = 0; i < 20000; ++i) {
    header += (i == 0 ? "\"" : ",\"") + std::to_string(i) +
              R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  }
  auto opened = files::open(file(header + "}", ""));
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  EXPECT_EQ(opened->names().size(), 20000u);
}

}  // namespace
