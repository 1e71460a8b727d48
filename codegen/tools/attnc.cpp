// attnc.cpp - the program: parses the arguments and calls one command.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>

#include "attn/runtime/cpu.h"
#include "halide/targets.h"
#include "tools/arguments.h"
#include "tools/cache_folder.h"
#include "tools/commands.h"
#include "tools/compiler.h"
#include "tools/report/report.h"
#include "tools/terminal.h"
#include "tools/tune/cli.h"
#include "tools/version.h"

namespace {

constexpr const char* about =
    "Compiles attention layers ahead of time.\n\n"
    "A layer comes from a JSON file (what Keras's get_config() returns) or from an object file "
    "whose section .attn holds\n"
    "descriptions (attn_add_layers() in CMake makes it). `attnc COMMAND --help` shows examples.";

constexpr const char* exit_codes =
    "\n\nExit codes: 0 done; 1 it could not be done, and a sentence on standard error says why; "
    "2 the arguments make no sense.";
constexpr const char* check_exit_codes =
    "\n\nExit codes: 0 all that was not skipped passed; 1 a fixture failed, none was there, or a "
    "sentence on standard\nerror says what could not be done; 2 the arguments make no sense.";

constexpr const char* build_examples =
    "Examples:\n"
    "  attnc build encoder.json -o out                   out/libencoder.a, "
    "out/encoder/encoder.attn.h\n"
    "  attnc build section.o -o out --name my_layers --header layers.h --target avx2,baseline\n"
    "  attnc build encoder.json -o out --shared          out/libencoder.so too, for attn::open\n"
    "  attnc build arm/section.o -o out --name my_layers   for the machine of the object: target "
    "neon\n"
    "  attnc build decoder.json -o out --shapes one,many   no kernels for few queries, nor for "
    "scores\n"
    "  attnc build encoder.json -o out --tuned tune.db   with the numbers that `attnc tune` found "
    "for its layers\n"
    "  attnc build encoder.json -o out --json            what was made, for a program: library, "
    "bytes, targets, layers\n"
    "A shared library is linked with the C compiler: $CC, else cc. The targets of one library are "
    "of one machine.";
constexpr const char* show_examples =
    "Examples:\n"
    "  attnc show encoder.json --stage plan\n"
    "  attnc show encoder.json --stage plan --shape T=1024,S=1024 --causal -o map.svg\n"
    "  attnc show encoder.json --stage plan --tuned tune.db   # with what was measured for it\n"
    "  attnc show encoder.json --stage plan --processor two_pipes    # as such a processor has it\n"
    "  attnc show encoder.json --stage config      # what get_config() returns\n"
    "  attnc show section.o:encoder --stage loops --target avx2 --path output";
constexpr const char* run_examples =
    "Examples:\n"
    "  attnc run encoder.json --weights w.safetensors --inputs x.safetensors -o y.safetensors\n"
    "  attnc run section.o:decoder --weights model.safetensors --prefix decoder/ --inputs "
    "x.safetensors -o y.safetensors\n"
    "      --causal --scores --threads 1 --json\n"
    "  attnc run section.o:attention --inputs x.safetensors -o y.safetensors      # it has no "
    "weights\n"
    "Tensors are called as the layer's inputs are (query, value, key, attention_mask); weights "
    "query/kernel and so on.\n";
constexpr const char* check_examples =
    "Examples:\n"
    "  attnc check fixtures/mha                          every fixture below, every target that "
    "runs here\n"
    "  attnc check fixtures/mha/self_basic.json --target avx2 -v\n"
    "  attnc check fixtures --json                       counts and a verdict a fixture, for a "
    "program\n";

constexpr const char* bench_examples =
    "Examples:\n"
    "  attnc bench cases.json\n"
    "  attnc bench cases.json --case encoder-512 decode-gqa-4096 --threads 2 --seconds 0.3\n"
    "  attnc bench cases.json --tuned tune.db     what tuning them gave\n"
    "  attnc bench cases.json --save out        out/NAME.safetensors: q, k, v, output\n"
    "cases.json is a list of calls; of these keys only name is needed:\n"
    "  [{\"name\": \"prefill\", \"Hq\": 32, \"Hkv\": 8, \"T\": 2048, \"D\": 128, \"causal\": "
    "true},\n"
    "   {\"name\": \"decode\", \"B\": 8, \"Hq\": 16, \"T\": 1, \"S\": 1024, \"D\": 64},\n"
    "   {\"name\": \"layer\", \"kind\": \"mha\", \"Hq\": 12, \"T\": 512, \"D\": 64, \"hidden\": "
    "768}]\n"
    "Attention alone has q (B, Hq, T, D), k (B, Hkv, S, D), v (B, Hkv, S, Dv); kind mha is a layer "
    "with its projections,\n"
    "x (B, T, hidden) and, where S differs from T, y (B, S, hidden). Query t stands at key "
    "S - T + t: causal keeps keys\n"
    "up to there, window w those nearer than w, document n those of the same n keys; softcap c "
    "makes c tanh(s / c)\n"
    "of a score s, alibi true adds 2^(-8 (h + 1) / Hq) times the distance for head h; by_position "
    "true: k and v are\n"
    "(B, S, Hkv, D), as caches keep them; scores true: the probabilities are an output, too; dtype "
    "\"f16\" or \"bf16\"\n"
    "makes all tensors 16-bit numbers. A range {\"from\": 1, \"to\": 16, \"step\": 5} in place "
    "of a number is a case for each.\n"
    "The first line says what this machine can do at most, every other one how long a case takes. "
    "Before it is timed,\n"
    "64 rows of its output are held against double; more than 1e-3 off (f16 8e-3, bf16 6e-2) is a "
    "failure (exit 1).\n";

int run_command(int argc, char** argv) {
  CLI::App app{about, "attnc"};
  app.set_version_flag("--version", std::string("attnc ") + attnc::version);
  app.require_subcommand(1);
  const std::string targets_help = fmt::format(
      "targets, best first chosen when a layer is loaded: {} for x86-64, {} for 64-bit ARM "
      "(default: all of the machine that the object is for, or of this one)",
      attnc::target_list("x86_64"), attnc::target_list("aarch64"));
  const std::string target_here_help = fmt::format(
      "{} (default: the best that runs here)", attnc::target_list(attnc::this_machine(), " or "));

  const CLI::Validator named = attnc::named();

  const auto takes_tuned = [&](CLI::App* command, std::string& file) {
    command
        ->add_option("--tuned", file,
                     "a database of `attnc tune`: layers and targets with runs there get their "
                     "numbers, others keep the row\nof the schedule file")
        ->check(named);
  };

  attnc::BuildOptions build;
  CLI::App* build_command =
      app.add_subcommand("build", "make a library, typed headers and readable stages");
  build_command->add_option("LAYER", build.files, "JSON files, or objects with a section .attn")
      ->required()
      ->check(named);
  build_command
      ->add_option("-o,--output", build.folder, "folder for lib<name>.a and <name>/<layer>.attn.h")
      ->required()
      ->check(named);
  build_command->add_option("--name", build.name, "the library's name (default: the first file's)");
  build_command->add_option("--header", build.header,
                            "how typed headers include the header that describes the layers");
  build_command->add_option("--target", build.targets, targets_help)
      ->delimiter(',')
      ->allow_extra_args(false);
  std::vector<std::string> shapes;
  for (const attnc::ShapeName& shape : attnc::shape_names) shapes.emplace_back(shape.name);
  build_command
      ->add_option("--shapes", build.shapes,
                   "kernels for calls of one query, of few and of many, and for those that ask for "
                   "scores; other calls are\nrefused (default: all)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(shapes));
  takes_tuned(build_command, build.tuned);
  build_command->add_flag("--shared", build.shared,
                          "also link lib<name>.so, which a program opens by name");
  build_command
      ->add_option(
          "--sanitize", build.sanitize,
          "address or thread: kernels report their accesses, for a program linked with "
          "-fsanitize=...\n(thread: with clang 22; it hears of accesses up to 16 bytes, so "
          "of all in baseline)")
      ->check(CLI::IsMember({"address", "thread"}));
  build_command
      ->add_option("--kernels", build.kernels,
                   "a folder of this library's own: its kernels are left there, and those that the "
                   "build before left there are taken,\nso that a change costs only the kernels "
                   "that it changes")
      ->check(named);
  build_command
      ->add_option(
          "--depfile", build.depfile,
          "a rule for make and ninja: lib<name>.a needs LAYER, the schedules of "
          "ATTNC_SCHEDULES, what --tuned names, and\nall else that was written, so that what is "
          "deleted is made again")
      ->check(named);
  build_command->add_flag("--json", build.json, "what was made, as JSON");
  build_command->footer(std::string(build_examples) + exit_codes);

  attnc::ShowOptions show;
  CLI::App* show_command = app.add_subcommand("show", "print a stage of a layer");
  show_command->add_option("LAYER", show.layer, "a JSON file, an object, or object:layer")
      ->required()
      ->check(named);
  show_command
      ->add_option("--stage", show.stage,
                   "config, graph, passes, plan, algorithm, loops or assembly")
      ->required()
      ->check(
          CLI::IsMember({"config", "graph", "passes", "plan", "algorithm", "loops", "assembly"}));
  show_command->add_option("--target", show.target,
                           attnc::target_list("", " or ") +
                               " (default: the best of the machine that the object is for)");
  show_command->add_option(
      "--path", show.path,
      "output, output_decode, output_attention_scores, as there are (default: all paths)");
  takes_tuned(show_command, show.tuned);
  show_command
      ->add_option("--processor", show.processor,
                   "the variant that a processor with one multiply-add pipe or with two takes, "
                   "where they\ndiffer (default: any)")
      ->check(CLI::IsMember(
          std::vector<std::string>(attn::pipe_names.begin(), attn::pipe_names.end())));
  show_command
      ->add_option("--shape", show.shape,
                   "with the stage plan: also the map of blocks of such a call, T=1024,S=1024 (T "
                   "queries, S keys, B\nin the batch, query.1=32 for a second axis)")
      ->check(CLI::Validator(
          [](std::string& text) { return text.empty() ? std::string("has no axes") : ""; }, ""));
  show_command
      ->add_option("--tables", show.tables,
                   "a .safetensors file with the tables and masks that the map's masks read")
      ->check(named);
  show_command->add_option("-o,--output", show.output, "an .svg file for the map's picture")
      ->check(named);
  const CLI::Range counted(int64_t{0}, int64_t{2147483647});
  show_command->add_option("--head", show.head, "the map's head (default: 0)")->check(counted);
  show_command->add_option("--batch", show.batch, "and its place in the batch (default: 0)")
      ->check(counted);
  show_command->add_flag("--causal", show.causal, "the map's call sets use_causal_mask");
  show_command->add_flag("--json", show.json, "the map's counts as JSON, instead of the plan");
  show_command->footer(std::string(show_examples) + exit_codes);

  attnc::RunOptions run;
  CLI::App* run_command = app.add_subcommand("run", "call a layer on tensors from a file");
  run_command->add_option("LAYER", run.layer, "a JSON file, an object, or object:layer")
      ->required()
      ->check(named);
  run_command
      ->add_option("--weights", run.weights,
                   "a .safetensors file with the weights; a layer without any needs none")
      ->check(named);
  run_command->add_option("--inputs", run.inputs, "a .safetensors file with the inputs")
      ->required()
      ->check(named);
  run_command->add_option("-o,--output", run.output, "the .safetensors file to write")
      ->required()
      ->check(named);
  run_command->add_option("--prefix", run.prefix,
                          "what stands before the weights' names, \"encoder/\"");
  run_command->add_option("--target", run.target, target_here_help);
  takes_tuned(run_command, run.tuned);
  run_command->add_option("--threads", run.threads, "threads (default: one a usable processor)")
      ->check(CLI::Range(1, 1024));
  run_command->add_flag("--causal", run.causal, "sets use_causal_mask");
  run_command->add_flag("--scores", run.scores, "also writes attention_scores");
  run_command->add_flag("--json", run.json, "what was written, as JSON");
  run_command->footer(run_examples + attnc::describe_cache() + exit_codes);

  attnc::CheckOptions check;
  CLI::App* check_command =
      app.add_subcommand("check", "replay recorded calls of the original layers and compare");
  check_command
      ->add_option("PATH", check.paths,
                   "fixtures (NAME.json beside NAME.safetensors), or folders of them")
      ->required()
      ->check(named);
  check_command->add_option("--target", check.targets, targets_help)
      ->delimiter(',')
      ->allow_extra_args(false);
  takes_tuned(check_command, check.tuned);
  check_command->add_flag("-v,--verbose", check.verbose, "a line for every target and call");
  check_command->add_flag("--json", check.json, "the result as JSON");
  check_command->footer(check_examples + attnc::describe_cache() + check_exit_codes);

  attnc::BenchOptions bench;
  CLI::App* bench_command = app.add_subcommand(
      "bench", "time layers, and hold them against double; a JSON object a line");
  bench_command->add_option("CASES", bench.file, "a JSON file with the calls to time")
      ->required()
      ->check(named);
  bench_command->add_option("--case", bench.cases, "only those of these names");
  bench_command->add_option("--threads", bench.threads, "threads (default: one a usable processor)")
      ->check(CLI::Range(1, 1024));
  bench_command->add_option("--seconds", bench.seconds, "at least so long a case (default: 1)")
      ->check(attnc::number_up_to(3600));
  bench_command->add_option("--save", bench.save,
                            "leaves NAME.safetensors with inputs, weights and output there");
  bench_command->add_option("--target", bench.target, target_here_help);
  bench_command->add_flag("--profile", bench.profile,
                          "also the seconds of each stage of a call: projections, packing, "
                          "attention, copies, and the rest");
  takes_tuned(bench_command, bench.tuned);
  bench_command->footer(bench_examples + attnc::describe_cache() + exit_codes);

  attnc::TuneCommand tune;
  CLI::App* tune_command = attnc::add_tune(app, tune, exit_codes);

  attnc::ReportCommand report;
  CLI::App* report_command = attnc::add_report(app, report, exit_codes);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // --help, --version
    std::string which = "attnc";
    for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
      at = at->get_subcommands()[0];
      which += " " + at->get_name();
    }
    fmt::print(stderr, "attnc: {} (`{} --help` shows how)\n", e.what(), which);
    return 2;
  }
  if (*build_command) return attnc::build(build);
  if (*show_command) return attnc::show(show);
  if (*run_command) return attnc::run(run);
  if (*check_command) return attnc::check(check);
  if (*tune_command) return attnc::run_tune(tune);
  if (*report_command) return attnc::run_report(report);
  return attnc::bench(bench);
}

/// Opens those of the three standard descriptors that are closed. Otherwise the next file to be
/// opened could get, say, standard output's number, and what is printed would go into it.
void open_standard_descriptors() {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // Read-only for the outputs and write-only for the input, so that using them still fails.
    if (fcntl(fd, F_GETFD) < 0) (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

int output_failed(int error) {
  std::fprintf(stderr, "attnc: standard output cannot be written%s%s\n", error ? ": " : "",
               error ? std::strerror(error) : "");
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  try {
    const int code = run_command(argc, argv);
    errno = 0;
    const bool written = std::fflush(stdout) == 0;
    return written && !std::ferror(stdout) ? code : output_failed(errno);
  } catch (const std::exception& e) {
    // fmt throws if a write to a stream fails.
    const int error = errno;
    if (std::ferror(stdout)) return output_failed(error);
    if (std::ferror(stderr)) return 1;
    std::fprintf(stderr, "attnc: internal error: %s; please report it\n", e.what());
    return 1;
  }
}
