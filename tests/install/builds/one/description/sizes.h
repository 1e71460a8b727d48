#pragma once
inline constexpr int size = 2;
