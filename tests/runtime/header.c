/* The C header compiles on its own, as C11. */
#include "attn/runtime/c_api.h"

_Static_assert(ATTN_OK == 0, "what programs compare with");
