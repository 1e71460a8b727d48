// main.cpp - sentence_search: which of some texts are nearest to a question in meaning.
//
//   sentence_search [--model DIR] [--texts FILE] [--top N] [--json] ["a question"]
//
// The exit code is 0 where texts were ranked, 1 where a file is missing or wrong, 2 where the
// command line is.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "encoder.h"
#include "search.h"

namespace {

constexpr const char* built_in_question = "How do I keep bread fresh?";

struct Arguments {
  std::string question, model, texts = SENTENCE_SEARCH_DATA "/texts.txt", variant;
  int top = 5, threads = 0;
  bool json = false;
};

struct Answer {
  std::string folder, variant;
  int threads = 0, texts = 0, pieces = 0;
  double load_ms = 0, embed_ms = 0;
  std::vector<Text> all;
  std::vector<Found> found;
};

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

attn::Result<Answer> answer(const Arguments& arguments) {
  Answer a;
  attn::Result<std::vector<Text>> texts = read_texts(arguments.texts);
  if (!texts.ok()) return texts.status();
  attn::Result<std::string> folder = find_model_folder(arguments.model);
  if (!folder.ok()) return folder.status();

  std::unique_ptr<attn::ThreadPool> pool;
  if (arguments.threads > 0) pool = std::make_unique<attn::ThreadPool>(arguments.threads);
  auto start = std::chrono::steady_clock::now();
  const attn::Result<SentenceEncoder> encoder =
      SentenceEncoder::open(*folder, {.variant = arguments.variant, .executor = pool.get()});
  if (!encoder.ok()) return encoder.status();
  a.load_ms = milliseconds_since(start);

  std::vector<std::string> sentences{arguments.question};
  for (const Text& t : *texts) sentences.push_back(t.text);
  start = std::chrono::steady_clock::now();
  const attn::Result<Matrix> embeddings = encoder->embed(sentences);
  if (!embeddings.ok()) return embeddings.status();
  a.embed_ms = milliseconds_since(start);
  for (const std::string& s : sentences) {
    a.pieces += static_cast<int>(encoder->tokenizer().encode(s, Model::longest).size());
  }
  a.found = rank(embeddings->row(0), embeddings->bottomRows(embeddings->rows() - 1), arguments.top);
  a.texts = static_cast<int>(texts->size());
  a.folder = *std::move(folder);
  a.variant = encoder->model().variant();
  a.threads = encoder->model().threads();
  a.all = *std::move(texts);
  return a;
}

void print_json(const Arguments& arguments, const Answer& a) {
  nlohmann::ordered_json out{{"question", arguments.question},
                             {"model", a.folder},
                             {"texts", a.texts},
                             {"pieces", a.pieces},
                             {"variant", a.variant},
                             {"threads", a.threads},
                             {"load_ms", a.load_ms},
                             {"embed_ms", a.embed_ms},
                             {"found", nullptr}};
  out["found"] = nlohmann::ordered_json::array();
  for (const Found& f : a.found) {
    const Text& text = a.all[static_cast<size_t>(f.text)];
    out["found"].push_back({{"score", f.score}, {"line", text.line}, {"text", text.text}});
  }
  // What is no UTF-8 becomes U+FFFD: the output is JSON whatever came in.
  std::printf("%s\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

void print(const Arguments& arguments, const Answer& a) {
  std::printf("question   %s\n", arguments.question.c_str());
  std::printf("texts      %d, of %s\n", a.texts, arguments.texts.c_str());
  std::printf(
      "model      all-MiniLM-L6-v2, %d layers; attention by attnc's %s kernels; "
      "loaded in %.0f ms\n",
      Model::layers, a.variant.c_str(), a.load_ms);
  std::printf("embedded   %d texts, %d pieces of words, in %.0f ms by %d thread%s\n\n", a.texts + 1,
              a.pieces, a.embed_ms, a.threads, a.threads == 1 ? "" : "s");
  int place = 0;
  for (const Found& f : a.found) {
    std::printf("%3d  %6.3f  %s\n", ++place, f.score,
                a.all[static_cast<size_t>(f.text)].text.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Ranks texts by how near they are to a question in meaning, with all-MiniLM-L6-v2.",
               "sentence_search");
  app.add_option("question", arguments.question,
                 "what to look for; without it, a built-in question");
  app.add_option("--model", arguments.model,
                 "folder with model.safetensors and vocab.txt; else the environment variable "
                 "SENTENCE_SEARCH_MODEL, else "
                 "the one found when this was built");
  app.add_option("--texts", arguments.texts,
                 "file with a text a line, UTF-8; else thirty built-in ones");
  app.add_option("--top", arguments.top, "how many to print")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_option("--threads", arguments.threads,
                 "how many threads; else one for each usable processor")
      ->check(CLI::Range(1, 1024));
  app.add_option("--variant", arguments.variant,
                 "attention kernels: avx512, avx2 or baseline; else the best that run here");
  app.add_flag("--json", arguments.json, "print JSON");
  app.footer(
      "Examples:\n"
      "  sentence_search \"Do octopuses have a heart?\"\n"
      "  sentence_search --texts notes.txt --top 3 --json \"when is the rent due?\"\n"
      "Exit codes: 0 ranked, 1 a file is missing or wrong, 2 the command line is wrong.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "sentence_search: %s; see sentence_search --help\n", error.what());
    return 2;
  }
  if (app.count("question") == 0) arguments.question = built_in_question;
  if (split_words(arguments.question).empty()) {
    std::fprintf(stderr,
                 "sentence_search: the question is empty, expected a sentence, as in "
                 "sentence_search \"Do octopuses have a heart?\"\n");
    return 2;
  }

  const attn::Result<Answer> a = answer(arguments);
  if (!a.ok()) {
    std::fprintf(stderr, "sentence_search: %s\n", a.status().message().c_str());
    return 1;
  }
  arguments.json ? print_json(arguments, *a) : print(arguments, *a);
  return 0;
}
