// families.h - the kernels of a path's stages. In each file the algorithm comes first, then the
// schedule.
//
// Each function turns a stage into Funcs: it reads the stage's operands from `context` and defines
// its result there. A new kind of stage is a struct in plan.h and a `make` here; a new loop nest
// for attention is a KernelFamily (plan.h) and a case in pipeline.cpp.
#pragma once
#include "halide/context.h"

namespace attnc {

void make(Context& context, const Projection& stage);   // projection.cpp
void make(Context& context, const Combine& stage);      // attention_operands.cpp
void make(Context& context, const Splice& stage);       // rearranged.cpp
void make(Context& context, const Map& stage);          // rearranged.cpp
void make(Context& context, const ConcatHeads& stage);  // rearranged.cpp

void make_online(Context& context, const Attention& stage);       // attention_online.cpp
void make_with_scores(Context& context, const Attention& stage);  // attention_with_scores.cpp
void make_few(Context& context, const Attention& stage);          // attention_few.cpp
void make_decode(Context& context, const Attention& stage);       // attention_decode.cpp

}  // namespace attnc
