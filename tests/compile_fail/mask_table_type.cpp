// expect: the table `[]` holds indices here: declare it with attn::Type::index, or give its name alone
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::Mask mask = attn::same_document(attn::Table{"document", attn::Type::index});
#else
inline constexpr attn::Mask mask = attn::same_document(attn::Table{"document"});
#endif
