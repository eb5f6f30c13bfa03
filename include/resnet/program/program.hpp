// SPDX-License-Identifier: MIT
// A network's inference as a value: operations (op/) on numbered activations, for one image, with the parameters that they
// read. Bound to no backend.
#pragma once

#include <resnet/op/all.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace resnet::program {

/// Activations are numbered as they come into being; 0 is the images.
using Value = int;
inline constexpr Value none = -1;

/// A parameter, or what became of it.
struct Constant {
  std::string name;
  std::vector<float> values;
};

/// Where an operand is: an activation, or a constant; neither for one that is left out.
struct Operand {
  Value value = none;
  std::shared_ptr<const Constant> constant{};
};

namespace detail {

/// Whether O's result may be in the place of this operand.
template <class O>
constexpr bool may_overwrite(std::string_view operand) {
  if constexpr (requires { O::may_overwrite(operand); })
    return O::may_overwrite(operand);
  else
    return false;
}

template <class... Operations>
std::variant<Operations...> variant_of(op::List<Operations...>);

/// f(position, name, operand) for each operand of an operation.
template <class Operation>
constexpr void for_each_operand(Operation& operation, auto&& f) {
  std::size_t i = 0;
  const auto each = [&](std::string_view name, auto& field) {
    if constexpr (requires { field.written; }) f(i++, name, field);
  };
  std::remove_const_t<Operation>::visit(each, operation);
}

/// The same operation on `n` images.
template <class Operation>
constexpr void set_images(Operation& operation, int n) {
  if constexpr (requires { operation.g.n; })
    operation.g.n *= n;
  else if constexpr (requires { operation.n; })
    operation.n *= n;
  else if constexpr (requires { operation.rows; })
    operation.rows *= n;
  else
    operation.count *= static_cast<std::size_t>(n);
}

}  // namespace detail

using Operation = decltype(detail::variant_of(op::Inference<float, float>{}));

struct Step {
  Operation operation;            // for one image; its pointers mean nothing
  std::vector<Operand> operands;  // in the order of the operation's visit

  template <template <class, class> class Op>
  bool is() const {
    return std::holds_alternative<Op<float, float>>(operation);
  }
  /// Elements that it writes for an image.
  std::size_t size() const {
    return std::visit([](const auto& o) { return o.size(); }, operation);
  }
  const Operand& operator[](std::string_view name) const {
    const Operand* found = nullptr;
    std::visit(
        [&](const auto& o) {
          detail::for_each_operand(o, [&](std::size_t i, std::string_view which, const auto&) {
            if (which == name) found = &operands[i];
          });
        },
        operation);
    return *found;
  }
  Operand& operator[](std::string_view name) { return const_cast<Operand&>(std::as_const(*this)[name]); }
  Value y() const { return (*this)["y"].value; }

  struct Read {
    Value value;
    bool in_place;  // whether y may be
  };
  /// The operands that are activations and read.
  std::vector<Read> reads() const {
    std::vector<Read> result;
    const auto each = [&]<class O>(const O& o) {
      detail::for_each_operand(o, [&](std::size_t i, std::string_view name, const auto& operand) {
        if (operand.written || operands[i].value == none) return;
        result.push_back({operands[i].value, detail::may_overwrite<O>(name)});
      });
    };
    std::visit(each, operation);
    return result;
  }

  /// f(operation), for n images; place(v) is the memory of activation v.
  void replay(int n, auto&& place, auto&& f) const {
    std::visit(
        [&](auto o) {
          detail::set_images(o, n);
          detail::for_each_operand(o, [&](std::size_t i, std::string_view, auto& operand) {
            const Operand& where = operands[i];
            if (where.value != none)
              operand.data = place(where.value);
            else if constexpr (!std::remove_reference_t<decltype(operand)>::written)
              operand.data = where.constant ? where.constant->values.data() : nullptr;
          });
          f(o);
        },
        operation);
  }
};

struct Program {
  std::vector<Step> steps;
  std::vector<std::size_t> sizes;  // of the activations, in elements of an image
  Value output = 0;
};

}  // namespace resnet::program
