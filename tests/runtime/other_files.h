// other_files.h - files of kinds that no reader accepts, and the error that every reader then has.
#pragma once
#include <string>
#include <vector>

namespace other_files {

struct Sample {
  std::string bytes, sentence;
};

/// The beginning of a zip archive: the local header of a stored entry with this name.
inline std::string zip(const std::string& entry) {
  std::string bytes("PK\3\4\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0\4\0\0\0", 26);
  bytes += static_cast<char>(entry.size());
  return bytes + std::string(3, '\0') + entry + "data";
}

inline std::vector<Sample> samples() {
  const std::string lfs =
      "is a Git LFS pointer, not the file that it stands for: run `git lfs pull` in its "
      "repository, or download the file itself";
  const std::string html =
      "is an HTML page that was saved in place of the file: download the file itself, signed in "
      "where the site asks for it";
  const std::string xml =
      "is an XML page, such as a server's error, that was saved in place of the file: download the "
      "file itself";
  const std::string index =
      "is the index of weights in several files (shards), and holds none: open the files that it "
      "names, or merge them into one";
  const std::string json =
      "is JSON, such as a config, and holds no weights: give the file that does";
  const std::string torch = "is a PyTorch file (.bin, .pt, .pth): save its tensors as safetensors";
  const std::string pickle =
      "is a Python pickle, as in older PyTorch files (.bin, .pt), which is not read because it can "
      "run code: save its tensors as safetensors";
  return {
      {"", "is empty: copy or download it again"},
      {"version https://git-lfs.github.com/spec/v1\n"
       "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n",
       lfs},
      {"<!DOCTYPE html>\n<html lang=\"en\"><head>", html},
      {"\xef\xbb\xbf \r\n<HTML>", html},
      {"<!-- caf\xc3\xa9 --><html>", html},
      {"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", xml},
      {"<Error><Code>NoSuchKey</Code></Error>", xml},
      {"{\"metadata\": {\"total_size\": 8}, \"weight_map\": {\"x\": "
       "\"m-00001-of-00002.safetensors\"}}",
       index},
      {"{\n    \"metadata\": {\n        \"total_size\": 8\n    },\n    \"weight_map\": {\n"
       "        \"/layers/dense/vars\": \"model_00000.weights.h5\"\n    }\n}",
       index},
      {"{\"class_name\": \"MultiHeadAttention\", \"config\": {\"num_heads\": 2}}", json},
      {"[1, 2]", json},
      {"Entry not found",
       "is text that begins with `Entry not found`, and holds no weights: download or give the "
       "file that does"},
      {"404: Not Found\nmore",
       "is text that begins with `404: Not Found`, and holds no weights: download or give the file "
       "that does"},
      {zip("kernel.npy"), "is a NumPy archive (.npz): save its arrays as safetensors"},
      {zip("archive/data.pkl"), torch},
      {zip("model/byteorder"), torch},
      {std::string("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.", 16), pickle},
      {std::string("\x80\4\x95\3\0\0\0\0\0\0\0K\1.", 14), pickle},
      {std::string("GGUF\3\0\0\0\1\0\0\0", 12),
       "is a GGUF file: convert its weights to safetensors"},
      {std::string("\x93NUMPY\1\0v\0{'descr'", 18),
       "is a NumPy array (.npy): save it as safetensors, under its name"},
      {std::string("\x1f\x8b\x08\0\0\0\0\0\2\xff", 10),
       "is compressed with gzip: decompress it first"},
      {"BZh91AY&SY", "is compressed with bzip2: decompress it first"},
      {std::string("\xfd\x37zXZ\0\0\4", 8), "is compressed with xz: decompress it first"},
      {std::string("\x28\xb5\x2f\xfd\4\0\1\0", 8), "is compressed with zstd: decompress it first"},
  };
}

}  // namespace other_files
