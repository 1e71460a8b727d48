# attn-opt, in a file of its own so that the dialect can be built and tested without Halide.
add_executable(attn-opt ${PROJECT_SOURCE_DIR}/codegen/tools/attn-opt.cpp)
target_link_libraries(attn-opt PRIVATE attnc_transforms)
set_target_properties(attn-opt PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
