// Writes an object file with a Halide pipeline and Halide's runtime: out(x, y) = sum over i <= 100
// of (x + i) * y, in parallel.
//   together_pipeline OBJECT HEADER
#include <Halide.h>

int main(int, char** argv) {
  Halide::Var x, y;
  Halide::Func products, sums("running_sum");
  Halide::RDom i(0, 101);
  products(x, y) = Halide::cast<float>(x * y);
  sums(x, y) += products(x + i, y);
  products.compute_at(sums, y);  // uses halide_malloc
  sums.parallel(y);
  sums.update().parallel(y);
  const Halide::Target target = Halide::get_host_target();
  sums.compile_to_object(argv[1], {}, "running_sum", target);
  sums.compile_to_header(argv[2], {}, "running_sum", target);
}
