#pragma once
inline constexpr int size = 2 + MORE;
