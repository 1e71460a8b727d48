/* The C header stands alone, in C11. */
#include "attn/runtime/attn.h"

_Static_assert(ATTN_OK == 0, "what programs compare with");
