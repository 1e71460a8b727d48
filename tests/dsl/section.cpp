// What the build compiles for the generator: the descriptions, as constants in the section .attn.
#include "attn/section.h"

#include "models.h"

ATTN_SECTION(model::layers)
