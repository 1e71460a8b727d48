// The hand-written layer as a shared library, like those that `attnc build --shared` makes of
// generated layers. Compiled three times: as it is, with another ABI version, and without a
// directory.
#include "attn/runtime/kernel_abi.h"
#ifndef NO_DIRECTORY
#include "fake_layer.h"

static const attn_layer_table* const tables[] = {&fake::table};
extern "C" __attribute__((visibility("default")))
const attn_library_directory_table attn_library_directory = {MODULE_ABI, 1, "fakes", tables};
#else
extern "C" int something_else() { return 1; }
#endif
