// SPDX-License-Identifier: MIT
// What a backend is: memory, and the operations that layers, losses, optimizers and initialisation are
// made of. A backend is a type with static members only; Ref (backend/ref) is the specification of each.
//
// All pointers point to the backend's memory, activations are (n, h, w, c), convolution weights
// (out_c, kernel, kernel, in_c). Results don't depend on ctx.threads(). Outputs are overwritten, except
// where the name starts with "d" and stands for a parameter's gradient: those are added to. An output may
// be the same memory as an input of the same size only where "in place" says so.
#pragma once

#include <resnet/core/context.hpp>

#include <concepts>

namespace resnet {

struct Conv2dGeometry {
  int n;
  int in_h, in_w, in_c;
  int out_h, out_w, out_c;
  int kernel, stride, padding;

  constexpr long long macs() const {
    return 1LL * n * out_h * out_w * out_c * kernel * kernel * in_c;
  }
};

struct Pool2dGeometry {
  int n;
  int in_h, in_w, c;
  int out_h, out_w;
  int kernel_h, kernel_w, stride, padding;
};

/// What BatchNorm2d normalises with in training: the batch's mean and variance, which move the running ones, or the
/// running ones, which are constants then.
enum class Statistics { batch, running };

struct BatchNormGeometry {
  int rows;  // n·h·w: what the mean goes over
  int c;
  Statistics statistics = Statistics::batch;
};

/// One step of SGD as in torch.optim.SGD (dampening 0).
struct SgdStep {
  double lr, momentum, weight_decay;
  bool nesterov;
};

/// One step of torch.optim.Adam, or of AdamW with `decoupled`; `step` counts from 1.
struct AdamStep {
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled;
  long long step;
};

/// One step of torch.optim.RMSprop (not centered).
struct RmsPropStep {
  double lr, alpha, eps, weight_decay, momentum;
};

template <class B>
concept Backend = requires(Context<B>& ctx, typename B::Scalar* out, const typename B::Scalar* in, int* labels,
                           std::size_t count, int n, double number, Stream stream, Conv2dGeometry conv,
                           Pool2dGeometry pool, BatchNormGeometry norm, SgdStep sgd, AdamStep adam,
                           RmsPropStep rms) {
  // Memory. `upload` and `download` copy from and to the host.
  { B::allocate(count) } -> std::same_as<typename B::Scalar*>;
  B::deallocate(out);
  B::copy(count, in, out);
  B::fill(count, typename B::Scalar{}, out);
  B::upload(count, in, out);
  B::download(count, in, out);
  { B::max_threads() } -> std::same_as<int>;

  // Element by element, all in place: y = a + b; y = max(x, 0); dx = dy where y > 0, else 0;
  // y = x / (1 - p) where the stream's number is at least p, else 0 (its own backward); the same with one number
  // for each of n images of `count` scalars.
  B::add(ctx, count, in, in, out);
  B::relu_forward(ctx, count, in, out);
  B::relu_backward(ctx, count, in, in, out);
  B::dropout(ctx, count, number, stream, in, out);
  B::drop_path(ctx, n, count, number, stream, in, out);

  // In place: y = 1 / (1 + e^-x); dx = dy·y·(1 - y); y = x·sigmoid(x); dx from x and dy.
  B::sigmoid_forward(ctx, count, in, out);
  B::sigmoid_backward(ctx, count, in, in, out);
  B::silu_forward(ctx, count, in, out);
  B::silu_backward(ctx, count, in, in, out);

  // One factor for each channel of each image. n, pixels, c, x, s (n, c), y (in place of x): y = x·s;
  // n, pixels, c, x, s, dy, dx (in place of dy), ds: dx = dy·s, ds = Σ dy·x over the pixels.
  B::scale_channels_forward(ctx, n, n, n, in, in, out);
  B::scale_channels_backward(ctx, n, n, n, in, in, in, out, out);

  // Rows of channels. rows, channels of a, a, channels of b, b, y: each row of y is one of a, then one of b, where one
  // of the two may be null for zeros; rows, channels of x, x, first, channels of y, y: y = x's channels from `first` on.
  B::concat_channels(ctx, n, n, in, n, in, out);
  B::slice_channels(ctx, n, n, in, n, n, out);

  // n, rows, columns, x, y: each of n matrices of x (rows, columns) to one of y (columns, rows).
  B::transpose(ctx, n, n, n, in, out);

  // x, weight, bias or null, y; dy, weight, what to add or null, dx (in place of that); x, dy, dweight, dbias or null.
  B::conv2d_forward(ctx, conv, in, in, in, out);
  B::conv2d_backward_data(ctx, conv, in, in, in, out);
  B::conv2d_backward_weight(ctx, conv, in, in, out, out);

  // Depthwise: in_c = out_c, weight (c, kernel, kernel). x, weight, y; dy, weight, dx; x, dy, dweight.
  B::depthwise_conv2d_forward(ctx, conv, in, in, out);
  B::depthwise_conv2d_backward_data(ctx, conv, in, in, out);
  B::depthwise_conv2d_backward_weight(ctx, conv, in, in, out);

  // y = the normalised x, plus `skip` if not null, and its positive part if `relu`. In one operation, because
  // fetching x again costs more than computing it.
  // eps, momentum, x, weight, bias, running_mean, running_var (updated), skip, relu, y, mean, inv_std: with
  // Statistics::running the running ones are not updated but used, here and (as constants) in backward;
  // eps, x, weight, bias, running_mean, running_var, skip, relu, y (in place of x or skip);
  // x, weight, bias, mean, inv_std, y, relu, dy, dskip (in place of dy) or null, dx (in place of dy or, without
  // dskip, elsewhere), dweight, dbias: dskip is dy where y > 0. Without dskip, y may be null: it is computed again.
  B::batch_norm_forward(ctx, norm, number, number, in, in, in, out, out, in, true, out, out, out);
  B::batch_norm_infer(ctx, norm, number, in, in, in, in, in, in, true, out);
  B::batch_norm_backward(ctx, norm, in, in, in, in, in, in, true, in, out, out, out, out);

  // x, y; x, dy, dx: the gradient goes to a window's first maximum. Averages count the padding.
  B::max_pool_forward(ctx, pool, in, out);
  B::max_pool_backward(ctx, pool, in, in, out);
  B::avg_pool_forward(ctx, pool, in, out);
  B::avg_pool_backward(ctx, pool, in, out);

  // rows, classes, labels (host), value of the label's class, of the others, target (rows, classes).
  B::one_hot(ctx, n, n, labels, number, number, out);
  // rows, classes, logits, target, probabilities; returns the sum over rows of -Σ target·log softmax.
  { B::softmax_cross_entropy_forward(ctx, n, n, in, in, out) } -> std::same_as<double>;
  // rows, classes, probabilities, target, dlogits: the gradient of the mean over rows.
  B::softmax_cross_entropy_backward(ctx, n, n, in, in, out);
  // rows, classes, logits, labels (host): the first largest of each row.
  B::argmax(ctx, n, n, in, labels);

  // gradient, state…, parameter.
  B::sgd_step(ctx, count, sgd, in, out, out);
  B::adam_step(ctx, count, adam, in, out, out, out);
  B::rmsprop_step(ctx, count, rms, in, out, out, out);
  { B::sum_of_squares(ctx, count, in) } -> std::same_as<double>;
  B::scale(ctx, count, number, out);
  // y limited to [low, high], NaN stays NaN; y += t·(x - y).
  B::clamp(ctx, count, number, number, out);
  B::lerp(ctx, count, number, in, out);

  // mean 0 and the given standard deviation; low, high.
  B::fill_normal(ctx, count, stream, number, out);
  B::fill_uniform(ctx, count, stream, number, number, out);
};

}  // namespace resnet
