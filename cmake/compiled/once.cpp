// SPDX-License-Identifier: MIT
// The bodies of what begins with RESNET_ONCE (core/once.hpp).
#define RESNET_BODIES
#include <resnet/core/batch.hpp>
#include <resnet/core/context.hpp>
#include <resnet/core/tensor.hpp>
#include <resnet/data/augment.hpp>
#include <resnet/data/background.hpp>
#include <resnet/data/cifar.hpp>
#include <resnet/data/dataset.hpp>
#include <resnet/data/erase.hpp>
#include <resnet/data/fit.hpp>
#include <resnet/data/loader.hpp>
#include <resnet/data/mix.hpp>
#include <resnet/data/rand_augment.hpp>
#include <resnet/data/synthetic.hpp>
#include <resnet/io/atomic_file.hpp>
#include <resnet/io/input_file.hpp>
#include <resnet/io/rename.hpp>
#include <resnet/io/safetensors.hpp>
#include <resnet/io/safetensors_header.hpp>
#include <resnet/io/state_dict.hpp>
#include <resnet/io/state_loader.hpp>
#include <resnet/layers/batch_norm2d.hpp>
#include <resnet/loss/cross_entropy.hpp>
#include <resnet/optim/optimizer.hpp>
#include <resnet/optim/schedule.hpp>
#include <resnet/train/trainer_options.hpp>
