// version.h - the version that `attnc --version` prints: the project's, from CMake.
#pragma once

namespace attnc {
inline constexpr const char* version = ATTNC_VERSION;
}  // namespace attnc
