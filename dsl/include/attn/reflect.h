// reflect.h - the fields of a description by name, for whoever fills one from JSON.
//
//   attn::for_each_field(description, [](std::string_view name, auto& field) { ... });
//
// The names are those of the members, which the compiler tells. At most 20 fields.
// Not here: nested structs; a field is passed on as it is.
#pragma once
#include <string_view>
#include <tuple>
#include <utility>

namespace attn {
namespace reflect {

struct Anything {
  template <class T>
  operator T() const;
};  // never called
template <class T, class... A>
constexpr std::size_t count() {
  if constexpr (requires { T{A{}..., Anything{}}; })
    return count<T, A..., Anything>();
  else
    return sizeof...(A);
}
template <class T>
constexpr auto tie(T& t) {
  constexpr std::size_t n = count<std::remove_const_t<T>>();
  static_assert(n >= 1 && n <= 20, "a description has between 1 and 20 fields");
// clang-format off
#define ATTN_TIE(N, ...) \
  else if constexpr (n == N) { auto& [__VA_ARGS__] = t; return std::tie(__VA_ARGS__); }
  if constexpr (n == 0) return std::tuple<>();
  ATTN_TIE(1, a)
  ATTN_TIE(2, a, b)
  ATTN_TIE(3, a, b, c)
  ATTN_TIE(4, a, b, c, d)
  ATTN_TIE(5, a, b, c, d, e)
  ATTN_TIE(6, a, b, c, d, e, f)
  ATTN_TIE(7, a, b, c, d, e, f, g)
  ATTN_TIE(8, a, b, c, d, e, f, g, h)
  ATTN_TIE(9, a, b, c, d, e, f, g, h, i)
  ATTN_TIE(10, a, b, c, d, e, f, g, h, i, j)
  ATTN_TIE(11, a, b, c, d, e, f, g, h, i, j, k)
  ATTN_TIE(12, a, b, c, d, e, f, g, h, i, j, k, l)
  ATTN_TIE(13, a, b, c, d, e, f, g, h, i, j, k, l, m)
  ATTN_TIE(14, a, b, c, d, e, f, g, h, i, j, k, l, m, o)
  ATTN_TIE(15, a, b, c, d, e, f, g, h, i, j, k, l, m, o, p)
  ATTN_TIE(16, a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q)
  ATTN_TIE(17, a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r)
  ATTN_TIE(18, a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s)
  ATTN_TIE(19, a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, u)
  ATTN_TIE(20, a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, u, v)
#undef ATTN_TIE
  // clang-format on
}
template <class T>
struct Wrap {
  T value;
};
#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#endif
template <class T>
extern const Wrap<T> specimen;  // never made: only its members' addresses are asked for
template <class T>
struct Pointer {
  T* p;
};
template <Pointer P>
constexpr std::string_view member_name() {
  std::string_view s = __PRETTY_FUNCTION__;
  s.remove_prefix(s.find("value"));
  s = s.substr(0, s.find_first_of(")}"));
  s.remove_prefix(s.find_last_of(".:") + 1);
  return s;
}

}  // namespace reflect

template <class D>
constexpr void for_each_field(D& d, auto&& f) {
  using T = std::remove_const_t<D>;
  auto fields = reflect::tie(d);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (f(reflect::member_name<reflect::Pointer{
           &std::get<I>(reflect::tie(reflect::specimen<T>.value))}>(),
       std::get<I>(fields)),
     ...);
  }
  (std::make_index_sequence<std::tuple_size_v<decltype(fields)>>{});
}

#ifdef __clang__
#pragma clang diagnostic pop
#endif

}  // namespace attn
