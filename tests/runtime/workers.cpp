// Exits with the number of default_executor()'s workers, without having configured it.
#include <algorithm>

#include "attn/runtime/executor.h"

int main() { return std::min(attn::default_executor().worker_count(), 100); }
