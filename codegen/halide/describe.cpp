#include "halide/describe.h"

#include <unistd.h>

#include <cstdio>
#include <functional>
#include <map>
#include <set>
#include <sstream>
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

}  // namespace

std::string algorithm_text(const Pipeline& pipeline) {
  std::ostringstream out;
  std::set<std::string> seen;
  const std::function<void(const Function&)> visit = [&](const Function& f) {
    if (!seen.insert(f.name()).second) return;
    for (const auto& [name, callee] : Internal::find_direct_calls(f)) visit(callee);
    if (f.name().ends_with("_im")) return;  // the buffer of an argument
    out << f.name() << "\n";
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
  return text;
}

}  // namespace attnc
