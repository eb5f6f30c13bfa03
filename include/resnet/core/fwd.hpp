// SPDX-License-Identifier: MIT
// Every layer and composite, with its default arguments. (Blocks and models have theirs where they are defined.)
#pragma once

#include <resnet/core/shape.hpp>

#if defined(__FAST_MATH__) || __FINITE_MATH_ONLY__ + 0
#error "resnet: with -Ofast, -ffast-math or -ffinite-math-only no test for NaN or infinity would work: use -O3"
#endif

// The CPU backend lives in a namespace named after its instruction set, so that objects compiled with
// different -march options hold different types and can't be linked into one silently. With RESNET_COMPILED the
// kernels come from the library resnet::compiled, which chooses them at run time.
#if defined(__AVX512F__)
#define RESNET_AVX512
#elif defined(__AVX2__) && defined(__FMA__)
#define RESNET_AVX2
#elif defined(__ARM_NEON) && defined(__aarch64__)
#define RESNET_NEON
#endif

#if defined(RESNET_COMPILED)
#define RESNET_ISA compiled
#elif defined(RESNET_AVX512)
#define RESNET_ISA avx512
#elif defined(RESNET_AVX2)
#define RESNET_ISA avx2
#elif defined(RESNET_NEON)
#define RESNET_ISA neon
#else
#define RESNET_ISA baseline
#endif

namespace resnet {

inline namespace RESNET_ISA {
struct Cpu;
}
template <class P, class A = P>
struct Ref;
struct Plan;

template <class B, int... Dims>
class Tensor;
template <Shape S, class B, class T = typename B::Activation>
class Batch;
template <class B>
class Context;

template <int In, int Out, int Kernel, int Stride = 1, class B = Cpu, int Padding = Kernel / 2, bool Bias = false>
struct Conv2d;
template <int Channels, int Kernel, int Stride = 1, class B = Cpu, int Padding = Kernel / 2>
struct DepthwiseConv2d;
template <int Channels, class B = Cpu>
struct BatchNorm2d;
template <int Channels, class B = Cpu>
struct BatchNormReLU;
template <int Channels, class B = Cpu>
struct ResidualJoin;
template <class B = Cpu>
struct ReLU;
template <class B = Cpu>
struct SiLU;
template <class B = Cpu>
struct Sigmoid;
template <int Channels, int Squeezed, class B = Cpu>
struct SqueezeExcitation;
template <int Kernel, int Stride = Kernel, int Padding = 0, class B = Cpu>
struct MaxPool2d;
template <int Kernel, int Stride = Kernel, int Padding = 0, class B = Cpu>
struct AvgPool2d;
template <class B = Cpu>
struct GlobalAvgPool2d;
template <int In, int Out, class B = Cpu, bool Bias = true>
struct Linear;
template <class B = Cpu>
struct Dropout;
template <class B = Cpu>
struct DropPath;
template <class B = Cpu>
struct Identity;
template <class B = Cpu>
struct Flatten;
template <int Channels, int Before = 0, class B = Cpu>
struct PadChannels;

template <class... Layers>
struct Sequential;
template <template <int, int, int, class> class Block, int In, int Out, int Stride, int Depth, class B = Cpu>
struct Stage;

}  // namespace resnet
