#include "halide/describe.h"

#include <unistd.h>

#include <cstdio>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string_view>
#include <vector>

namespace attnc {

using namespace Halide;
using Internal::Function;

namespace {

template <class List>
std::string joined(const List& list) {
  std::ostringstream out;
  const char* separator = "";
  for (const auto& item : list) out << separator << item, separator = ", ";
  return out.str();
}

void print_definition(std::ostream& out, const Function& f,
                      const Internal::Definition& definition) {
  out << "  " << f.name() << "(" << joined(definition.args()) << ") = ";
  const std::vector<Expr>& values = definition.values();
  out << (values.size() == 1 ? "" : "{") << joined(values) << (values.size() == 1 ? "" : "}");
  const auto& rvars = definition.schedule().rvars();
  if (!rvars.empty()) {
    out << "\n      over ";
    const char* separator = "";
    for (const auto& r : rvars) {
      out << separator << r.var << " in [" << r.min << ", " << r.min << " + " << r.extent << ")";
      separator = ", ";
    }
    const Expr where = Internal::simplify(definition.predicate());
    if (!Internal::is_const_one(where)) out << " where " << where;
  }
  out << "\n";
}

/// Adds to a loop nest what the stages call that are kernels of their own.
std::string with_calls(const std::string& loops, const Pipeline& pipeline) {
  std::map<std::string, std::string> kernels;  // by Func
  for (const Func& output : pipeline.outputs()) {
    std::map<std::string, Function> all = Internal::find_transitive_calls(output.function());
    all.emplace(output.name(), output.function());
    for (const auto& [name, f] : all) {
      if (f.has_extern_definition()) kernels[name] = f.extern_function_name();
    }
  }
  std::istringstream lines(loops);
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    text += line + "\n";
    constexpr std::string_view produce = "produce ";
    const size_t indent = line.find_first_not_of(' ');
    if (indent == line.npos || line.compare(indent, produce.size(), produce) != 0) continue;
    const size_t name = indent + produce.size();
    const auto kernel = kernels.find(line.substr(name, line.find(':', name) - name));
    if (kernel != kernels.end())
      text += std::string(indent + 2, ' ') + "call " + kernel->second + "\n";
  }
  return text;
}

}  // namespace

std::string algorithm_text(const Pipeline& pipeline) {
  std::ostringstream out;
  std::set<std::string> seen;
  const std::function<void(const Function&)> visit = [&](const Function& f) {
    if (!seen.insert(f.name()).second) return;
    for (const auto& [name, callee] : Internal::find_direct_calls(f)) visit(callee);
    if (f.name().ends_with("_im")) return;  // the buffer of an argument
    out << f.name() << "\n";
    if (f.has_extern_definition()) {
      out << "  " << f.name() << "(" << joined(f.args()) << ") = the kernel "
          << f.extern_function_name() << "\n";
      return;
    }
    print_definition(out, f, f.definition());
    for (const Internal::Definition& update : f.updates()) print_definition(out, f, update);
  };
  for (const Func& f : pipeline.outputs()) visit(f.function());
  return out.str();
}

std::string loop_text(Pipeline pipeline) {
  // Halide prints loop nests only to stderr.
  std::FILE* file = std::tmpfile();
  if (!file) return "";
  std::fflush(stderr);
  const int saved = ::dup(STDERR_FILENO);
  ::dup2(::fileno(file), STDERR_FILENO);
  pipeline.print_loop_nest();
  std::fflush(stderr);
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  std::rewind(file);
  std::string text;
  char buffer[4096];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, file)) > 0;) text.append(buffer, n);
  std::fclose(file);
  return with_calls(text, pipeline);
}

}  // namespace attnc
