// SPDX-License-Identifier: MIT
// oneDNN 2.x: every convolution with each of its algorithms (direct, Winograd, its own choice), each in the
// memory layouts that oneDNN prefers. Reordering into those layouts doesn't count against it.
#include <omp.h>
#include <dnnl.hpp>

#include <cmath>
#include <set>
#include <unordered_map>

#include "work.hpp"

using dnnl::algorithm;
using dnnl::memory;

namespace {

struct Tensors {
  memory::desc x, weight, y;
};

Tensors tensors_of(const work::Conv& c, int n) {
  const auto any = [](memory::dims dims) {
    return memory::desc(dims, memory::data_type::f32, memory::format_tag::any);
  };
  return {any({n, c.in_c, c.in_size, c.in_size}), any({c.out_c, c.in_c, c.kernel, c.kernel}),
          any({n, c.out_c, c.out_size(), c.out_size()})};
}

memory random_memory(const memory::desc& desc, const dnnl::engine& engine, float deviation) {
  memory m(desc, engine);
  work::fill_normal(desc.get_size() / sizeof(float), deviation, static_cast<float*>(m.get_data_handle()));
  return m;
}

/// The primitive's descriptor and what it reads and writes, by pass.
struct Problem {
  const work::Conv& conv;
  work::Pass pass;
  int n;
  const dnnl::engine& engine;

  /// Calls f(primitive, descriptor, source, weights, destination); throws dnnl::error if the algorithm
  /// doesn't serve this shape.
  template <class F>
  void with(algorithm choice, F&& f) const {
    const Tensors t = tensors_of(conv, n);
    const memory::dims strides{conv.stride, conv.stride};
    const memory::dim p = conv.kernel / 2, right = (conv.out_size() - 1) * conv.stride + conv.kernel - conv.in_size - p;
    const memory::dims left{p, p}, after{right, right};
    using Forward = dnnl::convolution_forward;
    using BackwardData = dnnl::convolution_backward_data;
    using BackwardWeights = dnnl::convolution_backward_weights;
    const auto kind = pass == work::Pass::forward && n != work::train_batch ? dnnl::prop_kind::forward_inference
                                                                            : dnnl::prop_kind::forward_training;
    const Forward::primitive_desc forward({kind, choice, t.x, t.weight, t.y, strides, left, after}, engine);
    if (pass == work::Pass::forward) {
      f(Forward(forward), forward, forward.src_desc(), forward.weights_desc(), forward.dst_desc());
    } else if (pass == work::Pass::backward_data) {
      const BackwardData::primitive_desc d({choice, t.x, t.weight, t.y, strides, left, after}, engine, forward);
      f(BackwardData(d), d, d.diff_src_desc(), d.weights_desc(), d.diff_dst_desc());
    } else {
      const BackwardWeights::primitive_desc d({choice, t.x, t.weight, t.y, strides, left, after}, engine, forward);
      f(BackwardWeights(d), d, d.src_desc(), d.diff_weights_desc(), d.diff_dst_desc());
    }
  }
};

void conv(const dnnl::engine& engine, const std::string& id, const work::Conv& c, work::Pass pass, int n) {
  dnnl::stream stream(engine);
  std::set<std::string> measured;  // "auto" is mostly one of the other two
  const auto measure = [&](const auto& primitive, const auto& descriptor, auto x_desc, auto weight_desc, auto y_desc) {
    const std::string implementation = descriptor.impl_info_str();
    if (!measured.insert(implementation).second) return;
    const bool data = pass == work::Pass::backward_data, weights = pass == work::Pass::backward_weight;
    const float deviation = std::sqrt(2.0F / static_cast<float>(c.in_c * c.kernel * c.kernel));
    const std::unordered_map<int, memory> arguments{
        {data ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, random_memory(x_desc, engine, 1)},
        {weights ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, random_memory(weight_desc, engine, deviation)},
        {data || weights ? DNNL_ARG_DIFF_DST : DNNL_ARG_DST, random_memory(y_desc, engine, 1)}};
    const double seconds = work::seconds_per_call([&] {
      primitive.execute(stream, arguments);
      stream.wait();
    });
    work::report(id, "seconds", seconds, implementation);
  };
  for (const algorithm choice :
       {algorithm::convolution_auto, algorithm::convolution_direct, algorithm::convolution_winograd}) {
    try {
      Problem{c, pass, n, engine}.with(choice, measure);
    } catch (const dnnl::error& e) {
      if (e.status != dnnl_unimplemented) throw;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const work::Options options(argc, argv);
  const dnnl_version_t& v = *dnnl_version();
  work::report_version(std::to_string(v.major) + "." + std::to_string(v.minor) + "." + std::to_string(v.patch));
  omp_set_num_threads(options.threads);
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  work::for_each_conv(options, [&](auto&&... item) { conv(engine, item...); });
  return 0;
}
