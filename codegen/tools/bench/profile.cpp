#include "tools/bench/profile.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>

#include "calls/loop.h"
#include "llvm/Object/ObjectFile.h"
#include "tools/bench/clock.h"

namespace attnc {
namespace {

/// The file that is mapped at an address. Not what dladdr says: a library is loaded before it gets
/// its name in the cache.
std::string file_at(const void* address) {
  const auto wanted = reinterpret_cast<uintptr_t>(address);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    int path = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %*s %*s %*s %*s %n", &begin, &end, &path) < 2) continue;
    if (begin <= wanted && wanted < end && path > 0) return line.substr(static_cast<size_t>(path));
  }
  return "";
}

/// The name of the function at an address of a loaded library. Loops are local symbols, which dladdr
/// does not see, so the file's table is read.
std::string symbol_at(const void* address) {
  Dl_info info = {};
  if (!dladdr(address, &info)) return "";
  auto file = llvm::object::ObjectFile::createObjectFile(file_at(address));
  if (!file) {
    llvm::consumeError(file.takeError());
    return "";
  }
  const uint64_t offset =
      reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(info.dli_fbase);
  for (const llvm::object::SymbolRef& symbol : file->getBinary()->symbols()) {
    auto at = symbol.getAddress();
    auto name = symbol.getName();
    const bool here = at && name && *at == offset;
    if (!at) llvm::consumeError(at.takeError());
    if (!name) llvm::consumeError(name.takeError());
    if (here) return name->str();
  }
  return "";
}

/// In a loop's name, between those of its kernel and of its stage.
constexpr std::string_view before_stage = "_par_for_";

}  // namespace

std::string stage_of_symbol(const std::string& symbol) {
  const size_t at = symbol.rfind(before_stage);
  if (at == symbol.npos) return symbol;
  const std::string rest = symbol.substr(at + before_stage.size());
  for (size_t i = rest.find("_s"); i != rest.npos; i = rest.find("_s", i + 1)) {
    const bool stage = i + 2 < rest.size() && rest[i + 2] >= '0' && rest[i + 2] <= '9';
    if (stage) return rest.substr(0, i);
  }
  return rest;
}

std::string kernel_of_symbol(const std::string& symbol) {
  const std::string kernel = symbol.substr(0, symbol.rfind(before_stage));
  return kernel.substr(kernel.rfind('.') + 1);  // shared_symbol puts the library's name in front
}

void Profile::begin_call() { begun_.clear(); }

void Profile::parallel_for(int count, Task task, void* context) {
  const auto loop = reinterpret_cast<const void*>(attn::kernel_task(task, context));
  const size_t number = begun_[loop]++;
  const double start = seconds_now();
  inner_.parallel_for(count, task, context);
  const double took = seconds_now() - start;
  auto known = std::find_if(loops_.begin(), loops_.end(), [&](const Loop& entry) {
    return entry.task == loop && entry.number == number;
  });
  if (known == loops_.end()) known = loops_.insert(loops_.end(), {loop, number, 0.0});
  known->seconds += took;
}

std::string Profile::name_of(const Loop& loop, const std::string& symbol) const {
  if (!loop.task) return "copies";
  if (symbol.empty()) return "loop";
  const auto calls = names_.find(kernel_of_symbol(symbol));
  if (calls != names_.end() && loop.number < calls->second.size())
    return calls->second[loop.number];
  return stage_of_symbol(symbol);
}

std::vector<std::pair<std::string, double>> Profile::stages(double total) const {
  std::vector<std::pair<std::string, double>> out;
  std::map<const void*, std::string> symbols;
  double all = 0;
  for (const Loop& loop : loops_) {
    const auto [symbol, is_new] = symbols.try_emplace(loop.task);
    if (is_new && loop.task) symbol->second = symbol_at(loop.task);
    const std::string name = name_of(loop, symbol->second);
    const auto same =
        std::find_if(out.begin(), out.end(), [&](const auto& o) { return o.first == name; });
    if (same == out.end())
      out.emplace_back(name, loop.seconds);
    else
      same->second += loop.seconds;  // another stage of the same Func
    all += loop.seconds;
  }
  out.emplace_back("rest", std::max(0.0, total - all));
  return out;
}

}  // namespace attnc
