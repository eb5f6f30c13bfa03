// SPDX-License-Identifier: MIT
// The operations of the loss (loss/cross_entropy.hpp has the formulas), on rows of classes.
#pragma once

#include <resnet/core/tally.hpp>
#include <resnet/op/operand.hpp>
#include <resnet/op/run.hpp>

namespace resnet::op {

/// target = `on` for each row's label, `off` for the other classes.
template <class A, class P>
struct OneHot {
  int rows, classes;
  double on, off;
  In<int> labels;  // (rows)
  Out<P> target;   // (rows, classes)

  static constexpr void visit(auto&& f, auto&... op) {
    f("rows", op.rows...), f("classes", op.classes...), f("on", op.on...), f("off", op.off...);
    f("labels", op.labels...), f("target", op.target...);
  }
};

/// probabilities = softmax(logits); loss = -1/rows Σ target · log softmax(logits)
template <class A, class P>
struct SoftmaxCrossEntropy {
  int rows, classes;
  In<A> logits;           // (rows, classes)
  In<P> target;           // (rows, classes)
  Out<P> probabilities;   // (rows, classes)
  Out<double> loss = {};  // (1); may be left out

  static constexpr void visit(auto&& f, auto&... op) {
    f("rows", op.rows...), f("classes", op.classes...), f("logits", op.logits...), f("target", op.target...);
    f("probabilities", op.probabilities...), f("loss", op.loss...);
  }
};

/// dlogits = the gradient of scale / rows · loss.
template <class A, class P>
struct SoftmaxCrossEntropyBackward {
  int rows, classes;
  double scale;
  In<P> probabilities;  // (rows, classes)
  In<P> target;         // (rows, classes)
  Out<A> dlogits;       // (rows, classes)

  static constexpr void visit(auto&& f, auto&... op) {
    f("rows", op.rows...), f("classes", op.classes...), f("scale", op.scale...);
    f("probabilities", op.probabilities...), f("target", op.target...), f("dlogits", op.dlogits...);
  }
};

/// Adds a batch to the tally: its rows, their loss, and how often the first largest logit is the label's.
template <class A, class P>
struct Count {
  int rows, classes;
  In<A> logits;        // (rows, classes)
  In<int> labels;      // (rows)
  In<double> loss;     // (1), of a row, on average
  InOut<Tally> tally;  // (1)

  static constexpr void visit(auto&& f, auto&... op) {
    f("rows", op.rows...), f("classes", op.classes...), f("logits", op.logits...), f("labels", op.labels...);
    f("loss", op.loss...), f("tally", op.tally...);
  }
};

/// labels = each row's first largest logit.
template <class A, class P>
struct Argmax {
  int rows, classes;
  In<A> logits;     // (rows, classes)
  Out<int> labels;  // (rows)

  static constexpr void visit(auto&& f, auto&... op) {
    f("rows", op.rows...), f("classes", op.classes...), f("logits", op.logits...), f("labels", op.labels...);
  }
};

}  // namespace resnet::op
