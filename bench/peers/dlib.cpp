// SPDX-License-Identifier: MIT
// dlib: the training step of a ResNet-18 with the same convolutions; its convolutions have a bias that a
// BatchNorm behind them makes superfluous.
#include <dlib/dnn.h>
#include <dlib/revision.h>

#include <array>
#include <memory>
#include <vector>

#include "work.hpp"

namespace {

using namespace dlib;

template <long Channels, long Kernel, int Stride, typename Below>
using conv_bn = bn_con<add_layer<con_<Channels, Kernel, Kernel, Stride, Stride, Kernel / 2, Kernel / 2>, Below>>;

template <long Channels, int Stride, typename Below>
using residual = conv_bn<Channels, 3, 1, relu<conv_bn<Channels, 3, Stride, tag1<Below>>>>;

template <long Channels, typename Below>
using block = relu<add_prev1<residual<Channels, 1, Below>>>;
/// The shortcut is a 1×1 convolution of stride 2.
template <long Channels, typename Below>
using block_down = relu<add_prev2<conv_bn<Channels, 1, 2, skip1<tag2<residual<Channels, 2, Below>>>>>>;

template <long Channels, typename Below>
using stage = block<Channels, block_down<Channels, Below>>;

using Image = std::array<matrix<float>, 3>;
using stem = relu<conv_bn<64, 3, 1, input<Image>>>;
using features = avg_pool_everything<stage<512, stage<256, stage<128, block<64, block<64, stem>>>>>>;
using ResNet18 = loss_multiclass_log<fc<work::classes, features>>;

struct Training {
  Training() {
    std::vector<Image> samples(work::train_batch);
    for (Image& sample : samples)
      for (auto& channel : sample) {
        channel.set_size(work::image_size, work::image_size);
        work::fill_normal(work::image_size * work::image_size, 1, channel.begin());
      }
    net.to_tensor(samples.begin(), samples.end(), images);
  }
  void step() {
    net.compute_parameter_gradients(images, labels.begin());
    net.update_parameters(solvers, 0.01);
  }

  ResNet18 net;
  std::vector<sgd> solvers{ResNet18::num_computational_layers, sgd(5e-4F, 0.9F)};
  resizable_tensor images;
  std::vector<unsigned long> labels = std::vector<unsigned long>(work::train_batch, 3);
};

}  // namespace

int main(int argc, char** argv) {
  const work::Options options(argc, argv);
  work::report_version(std::to_string(DLIB_MAJOR_VERSION) + "." + std::to_string(DLIB_MINOR_VERSION));
  // Its threads are OpenBLAS's: the environment's OPENBLAS_NUM_THREADS says how many.
  if (options.wants_memory()) {
    const auto training = std::make_unique<Training>();
    for (int i = 0; i < 3; ++i) training->step();
    work::report("memory train 128", "bytes", work::peak_resident_bytes(), "");
  } else if (options.wants("train 128")) {
    const auto training = std::make_unique<Training>();
    work::report("train 128", "seconds", work::seconds_per_call([&] { training->step(); }), "");
  }
  return 0;
}
