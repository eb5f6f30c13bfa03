// SPDX-License-Identifier: MIT
// Everything for training: data, loss, initialisation, optimizers, schedules, files, the Trainer.
#pragma once

#include <resnet/data/cifar.hpp>
#include <resnet/data/loader.hpp>
#include <resnet/data/synthetic.hpp>
#include <resnet/init/initialize.hpp>
#include <resnet/io/state_dict.hpp>
#include <resnet/loss/cross_entropy.hpp>
#include <resnet/optim/optimizer.hpp>
#include <resnet/optim/schedule.hpp>
#include <resnet/train/early_stopping.hpp>
#include <resnet/train/evaluate.hpp>
#include <resnet/train/trainer.hpp>
